/** Conditions as in Kubernetes: the transition time changes only with the status. */
import type { Condition } from '../../api/primitives.ts';

/** RFC 3339 with milliseconds, from epoch milliseconds. */
export const isoTime = (epochMs: number): string => new Date(epochMs).toISOString();

/** Sets one condition; the others stay as they are. */
export function withCondition<T extends { readonly conditions: readonly Condition[] }>(
  status: T,
  type: string,
  state: Condition['status'],
  reason: string,
  message: string,
  now: number,
): T & { conditions: Condition[] } {
  const old = status.conditions.find((condition) => condition.type === type);
  const lastTransitionTime = old?.status === state ? old.lastTransitionTime : isoTime(now);
  const condition: Condition = {
    type,
    status: state,
    reason: reason || 'Unknown',
    message,
    lastTransitionTime,
  };
  return { ...status, conditions: [...status.conditions.filter((other) => other.type !== type), condition] };
}
