/** What becomes of a person's request for a plan: a record of its own, or the reason why there is none. */
import type { RequestedPlan } from '../../api/plan-request.ts';
import { FINAL_PHASES } from '../../api/remediation.ts';
import { isPlanOnRequest } from '../facts.ts';
import type { Remediation } from '../world.ts';

export type RequestDecision =
  | { readonly kind: 'plan' }
  | {
      readonly kind: 'refuse';
      readonly reason: 'NodeNotFound' | 'NodeOfAnotherPolicy' | 'NodeIsBusy';
      readonly message: string;
    };

interface Requested {
  readonly request: RequestedPlan;
  /** null: there is no node of that name. */
  readonly node: { readonly uid: string } | null;
  /** Name of the policy that was asked. */
  readonly policy: string;
  /** Name of the policy that decides about the node; null if none does. */
  readonly coveredBy: string | null;
  readonly remediations: readonly Remediation[];
}

/** A plan is read-only: neither a pause nor an exclusion of the node keeps it from being made. */
export function decideRequest({
  request,
  node,
  policy,
  coveredBy,
  remediations,
}: Requested): RequestDecision {
  if (!node)
    return {
      kind: 'refuse',
      reason: 'NodeNotFound',
      message: `${request.by} asked for a plan of node ${request.node}, and there is no node of that name.`,
    };
  if (coveredBy !== policy)
    return {
      kind: 'refuse',
      reason: 'NodeOfAnotherPolicy',
      message: `${request.by} asked policy ${policy} for a plan of node ${request.node}, about which ${coveredBy === null ? 'no policy' : `policy ${coveredBy}`} decides${coveredBy === null ? '.' : ': ask that one.'}`,
    };
  const busy = remediations.find(
    (other) =>
      other.spec.node.uid === node.uid &&
      other.status.phase !== 'Pending' &&
      !FINAL_PHASES.includes(other.status.phase),
  );
  if (!busy) return { kind: 'plan' };
  const { name, status } = busy;
  const what = isPlanOnRequest(busy)
    ? 'is being planned already'
    : status.phase === 'AwaitingApproval'
      ? 'has a plan that waits for its approval'
      : `is being worked on (phase ${status.phase})`;
  return {
    kind: 'refuse',
    reason: 'NodeIsBusy',
    message: `${request.by} asked for a plan of node ${request.node}, which ${what}: see \`kubectl describe dnsrem ${name}\`.`,
  };
}
