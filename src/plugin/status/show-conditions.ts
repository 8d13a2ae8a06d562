/** The conditions of the policies that are worth a line: those that should hold, and of the others those that do. */
import type { Condition } from '../../api/primitives.ts';
import type { Status } from './read-status.ts';
import type { View } from './view.ts';

/** True is well. */
export const SHOULD_HOLD: readonly string[] = ['Ready', 'Active', 'Healthy'];
/** False is well. Paused, AwaitingApproval and Progressing have sections of their own, and are nobody's fault. */
export const SHOULD_NOT_HOLD: readonly string[] = ['BreakerOpen', 'Degraded'];

export function conditions({ policies }: Status, { paint }: View): string {
  return policies
    .flatMap(({ name, status }) => {
      const of = policies.length > 1 ? `${name}: ` : '';
      return worthALine(status.conditions).map(
        ({ type, status: is, message }) =>
          `${of}${type}: ${paint(isWell({ type, status: is }) ? 'green' : 'red', is)}. ${message}\n`,
      );
    })
    .join('');
}

function worthALine(all: readonly Condition[]): readonly Condition[] {
  const shown = all.filter(
    ({ type, status }) => SHOULD_HOLD.includes(type) || (SHOULD_NOT_HOLD.includes(type) && status === 'True'),
  );
  // Of two that say the same for the same reason, one.
  return shown.filter(({ message }, index) => shown.findIndex((one) => one.message === message) === index);
}

export function isWell({ type, status }: Pick<Condition, 'type' | 'status'>): boolean {
  if (SHOULD_HOLD.includes(type)) return status === 'True';
  return !SHOULD_NOT_HOLD.includes(type) || status !== 'True';
}
