/** Everything that one look at the world shows, as one change of the record: findings, and the wait or the end that they lead to. */
import { assertNever } from '../api/assert-never.ts';
import type { RemediationStatus } from '../api/remediation.ts';
import { plan } from './plan.ts';
import { afterEnd, afterFinding, whileWaiting } from './record/status.ts';
import type { Effect, Finding, Verdict } from './verdict.ts';
import type { Situation } from './world.ts';

/** A verdict that changes only the record. */
export type Conclusion = Extract<Verdict, { kind: 'record' | 'wait' | 'end' }>;

export interface Concluded {
  readonly status: RemediationStatus;
  /** The one that the record was changed by last. */
  readonly last: Conclusion;
}

/** More than one look can show; whatever goes on after that is read again, so that no mistake can stop the operator. */
const MOST_FINDINGS = 8;

/** Written by themselves: others have to see the first before anything else happens, and the others forget what was found before. */
const ALONE: readonly Finding['kind'][] = ['admitted', 'attempt-ended', 'attempt-begins'];

/** What follows from a finding without an effect in between need not be read again, and is written with it. */
export function conclude(first: Conclusion, situation: Situation): Concluded {
  let last = first;
  let status = changed(situation.remediation.status, first, situation);
  for (let found = 1; last.kind === 'record' && !isAlone(last) && found < MOST_FINDINGS; found += 1) {
    const next = plan(withStatus(situation, status));
    if (next.kind === 'act' || next.kind === 'pass' || isAlone(next)) break;
    status = changed(status, next, situation);
    last = next;
  }
  return { status, last };
}

/** It only asks: the cluster is as it was read before. */
export const onlyAsks = ({ kind }: Effect): boolean => kind === 'probe' || kind === 'survey';

/**
 * After an effect that only asks: the findings. A wait or an end is decided from another look, because asking takes time.
 *
 * @param effect the status after it
 * @param situation from before the effect, with the time after it
 */
export function findingsAfter(effect: RemediationStatus, situation: Situation): RemediationStatus {
  let status = effect;
  for (let found = 0; found < MOST_FINDINGS; found += 1) {
    const next = plan(withStatus(situation, status));
    if (next.kind !== 'record' || isAlone(next)) break;
    status = changed(status, next, situation);
  }
  return status;
}

const isAlone = (verdict: Verdict): boolean =>
  verdict.kind === 'record' && ALONE.includes(verdict.finding.kind);

function changed(
  status: RemediationStatus,
  verdict: Conclusion,
  { remediation, now }: Situation,
): RemediationStatus {
  switch (verdict.kind) {
    case 'record':
      return afterFinding(status, verdict.finding, now);
    case 'wait':
      return whileWaiting(status, verdict.reason, verdict.message, now);
    case 'end':
      return afterEnd(status, verdict.ending, remediation.spec, now);
    default:
      return assertNever(verdict);
  }
}

function withStatus(situation: Situation, status: RemediationStatus): Situation {
  const remediation = { ...situation.remediation, status };
  const remediations = situation.world.remediations.map((one) =>
    one.uid === remediation.uid ? remediation : one,
  );
  return { ...situation, remediation, world: { ...situation.world, remediations } };
}
