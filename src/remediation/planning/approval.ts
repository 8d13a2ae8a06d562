/** What people have answered to a plan, and what the agent is told of it. */
import type { Approved } from '../../api/agent-protocol.ts';
import type { Plan } from '../../api/plan.ts';
import type { Remediation } from '../world.ts';

export type AnswerToPlan =
  | { readonly kind: 'none' }
  | { readonly kind: 'rejected'; readonly reason: string; readonly by: string }
  | { readonly kind: 'approved'; readonly by: string }
  /** Of another plan, most likely of the one before this. */
  | { readonly kind: 'approved-another'; readonly hash: string; readonly by: string };

/** A rejection counts whatever else was said: it keeps something from being done. */
export function answerTo(plan: Plan, { answers }: Pick<Remediation, 'answers'>): AnswerToPlan {
  const { approved, rejected } = answers;
  if (rejected) return { kind: 'rejected', ...rejected };
  if (!approved) return { kind: 'none' };
  return approved.hash === plan.hash
    ? { kind: 'approved', by: approved.by }
    : { kind: 'approved-another', ...approved };
}

/** The approval was recorded, is of this plan, and nobody has taken it back. */
export function approvalStands({ status, answers }: Pick<Remediation, 'status' | 'answers'>): boolean {
  const { plan, approval } = status;
  if (!plan || approval?.hash !== plan.hash) return false;
  return answerTo(plan, { answers }).kind === 'approved';
}

/** What the agent must find; undefined where nobody was asked. */
export function approvedOf({ plan, approval }: Remediation['status']): Approved | undefined {
  if (!plan || approval?.hash !== plan.hash) return undefined;
  const { file, line, setting, target, sha256Before, sha256After } = plan;
  if (plan.changes === 'Nothing') return { changes: 'Nothing' };
  if (
    file === undefined ||
    line === undefined ||
    setting === undefined ||
    target === undefined ||
    sha256Before === undefined ||
    sha256After === undefined
  )
    return undefined;
  return { changes: 'File', file, line, setting, target, sha256Before, sha256After };
}

/** As people compare them. */
export const shortHash = (hash: string): string => hash.slice(0, 12);
