/**
 * Under the modes Plan and Approve: no repair begins before its plan is recorded, and under Approve none before a person has
 * approved that very plan. Asked until the node is in quarantine, or the Job of a file alone was started.
 *
 * | the plan                             | Plan            | Approve                                        |
 * | ------------------------------------ | --------------- | ---------------------------------------------- |
 * | is missing, or the node has changed  | make it         | make it: an approval of the last one is void   |
 * | was rejected                         | end as Planned  | end as Refused                                 |
 * | expired                              | end as Planned  | end as Expired, unless its approval was seen   |
 * | was approved                         | end as Planned  | record that; then the guards are asked         |
 * | was approved, which was taken back   | end as Planned  | record that, and wait again                    |
 * | is there                             | end as Planned  | wait                                           |
 */
import { assertNever } from '../../api/assert-never.ts';
import type { Plan } from '../../api/plan.ts';
import { podOf } from '../../api/trigger.ts';
import { isOfFileAlone, stepStartedAt, wasAdmitted } from '../facts.ts';
import { nodeExists } from '../guards/node-exists.ts';
import { nodeIsNotExcluded } from '../guards/node-not-excluded.ts';
import { platformIsMutable } from '../guards/platform-mutable.ts';
import { policyAllows } from '../guards/policy-allows.ts';
import { RECOVERED_AFTER_MS, stillWrongOrSick } from '../guards/still-sick.ts';
import { answerTo, approvalStands, shortHash } from '../planning/approval.ts';
import { whyOutdated } from '../planning/outdated.ts';
import { act, end, pass, record, type Verdict, wait } from '../verdict.ts';
import type { Situation } from '../world.ts';
import { makePlan } from './make-plan.ts';

/** The guards that do not wait, but end an incident that has become pointless. */
const STILL_NEEDED = [
  policyAllows,
  nodeExists,
  nodeIsNotExcluded,
  platformIsMutable,
  stillWrongOrSick,
] as const;
/** Answers, recoveries and changes of the node are events; this is for one that was missed. */
const LONGEST_WAIT_MS = 60 * 60_000;

export function planFirst(situation: Situation): Verdict {
  const { policy, remediation } = situation;
  if (policy?.mode !== 'Plan' && policy?.mode !== 'Approve') return pass;
  if (wasAdmitted(situation)) return unlessUndone(situation);
  if (isOfFileAlone(remediation) && repairWasStarted(situation)) return pass;
  for (const guard of STILL_NEEDED) {
    const verdict = guard(situation);
    if (verdict.kind !== 'pass') return verdict;
  }
  const { plan } = remediation.status;
  if (!plan || whyOutdated(plan, situation) !== null) return makePlan(situation, policy.mode === 'Approve');
  if (situation.world.inspection && !situation.world.inspection.deleting)
    return act({ kind: 'remove-inspection' });
  // It was made while nobody had to approve it, so it says nothing of how long that may take.
  if (policy.mode === 'Approve' && plan.expiresAt === undefined) return makePlan(situation, true);
  return policy.mode === 'Plan' ? planned(plan) : onceApproved(plan, situation);
}

/** For a person who asked: nothing has to be wrong, and whatever the mode, nothing follows. */
export function planOnRequest(situation: Situation): Verdict {
  for (const guard of [policyExists, nodeExists, platformIsMutable]) {
    const verdict = guard(situation);
    if (verdict.kind !== 'pass') return verdict;
  }
  const { plan } = situation.remediation.status;
  return plan ? planned(plan) : makePlan(situation, false);
}

const policyExists = (situation: Situation): Verdict =>
  situation.policy === null ? policyAllows(situation) : pass;

const planned = (plan: Plan): Verdict =>
  end({
    phase: 'Planned',
    reason: 'Planned',
    message: `Nothing was changed. The plan: ${plan.summary}`,
    hold: false,
  });

const repairWasStarted = ({ remediation, world }: Situation): boolean =>
  stepStartedAt(remediation, 'Repair') !== null || world.repairJob !== null;

/** In quarantine, and its Job was not started yet: what was approved may have become void in that moment. */
function unlessUndone(situation: Situation): Verdict {
  const { policy, remediation } = situation;
  const { plan } = remediation.status;
  if (policy?.mode !== 'Approve' || !plan || repairWasStarted(situation)) return pass;
  if (remediation.status.finishedAt !== undefined || remediation.status.nextAttempt !== undefined)
    return pass;
  const why = whyOutdated(plan, situation);
  if (why === null && approvalStands(remediation)) return pass;
  return act({
    kind: 'stand-back',
    reason: 'AwaitingApproval',
    message: why ?? 'The approval of the plan was taken back before the repair began.',
  });
}

function onceApproved(plan: Plan, situation: Situation): Verdict {
  const { remediation, now } = situation;
  const answer = answerTo(plan, remediation);
  if (answer.kind === 'rejected')
    return end({
      phase: 'Refused',
      reason: 'Rejected',
      message: `The plan was rejected by ${answer.by}: ${answer.reason || 'no reason was given.'} Nothing was changed.`,
      hold: false,
    });
  if (approvalStands(remediation)) return pass;
  const leftMs = Date.parse(plan.expiresAt ?? '') - now;
  if (!(leftMs > 0))
    return end({
      phase: 'Expired',
      reason: 'NotApprovedInTime',
      message: `Nobody approved the plan until ${plan.expiresAt}. Nothing was changed.`,
      advice:
        'A new crash of the pod, or a new check of the node, makes a new plan. spec.approval.expiresAfter of the policy says how long a plan waits.',
      hold: false,
    });
  switch (answer.kind) {
    case 'approved':
      return record({ kind: 'approved', hash: plan.hash, by: answer.by });
    case 'approved-another':
      return wait(
        'ApprovalOutdated',
        `${answer.by} approved plan ${shortHash(answer.hash)}, and the present plan is ${shortHash(plan.hash)}, because the node has changed. ${howToAnswer(plan, situation)}`,
        recheckMs(leftMs, situation),
      );
    case 'none':
      if (remediation.status.approval) return record({ kind: 'approval-withdrawn' });
      return wait('AwaitingApproval', howToAnswer(plan, situation), recheckMs(leftMs, situation));
    default:
      return assertNever(answer);
  }
}

const howToAnswer = (plan: Plan, { remediation: { name } }: Situation): string =>
  `Waiting until ${plan.expiresAt} for an approval of plan ${shortHash(plan.hash)}: ${plan.summary} To see it: \`kubectl describe dnsrem ${name}\`. To answer: \`kubectl dnshealth approve ${name}\`, or \`kubectl dnshealth reject ${name} --reason TEXT\`.`;

/** Recovery is not an event: it shows only when the pod has run for long enough. */
function recheckMs(leftMs: number, { remediation, world, now }: Situation): number {
  const pod = world.dnsPods.find(({ uid }) => uid === podOf(remediation.spec)?.uid);
  const recovers = pod?.ready && pod.upSince !== null ? pod.upSince + RECOVERED_AFTER_MS - now : 0;
  return Math.min(leftMs, LONGEST_WAIT_MS, recovers > 0 ? recovers : LONGEST_WAIT_MS);
}
