/**
 * Only the remedies that the policy allows. Which one an incident needs is known from a plan, that is from a read-only
 * inspection, or from the agent's report.
 *
 * | not allowed     | the kubelet              | answer                                                          |
 * | --------------- | ------------------------ | --------------------------------------------------------------- |
 * | CorrectKubelet  | would be changed         | end as Refused, with the change as advice                       |
 * | CorrectKubelet  | is right already         | go on; the agent refuses if it finds anything to change after all |
 * | RecreatePods    | was right already        | end as Refused, if there are pods that would be replaced        |
 */
import { isOfFileAlone, stepStartedAt, wasAdmitted } from '../facts.ts';
import { inScope } from '../guards/in-scope.ts';
import { nodeExists } from '../guards/node-exists.ts';
import { nodeIsNotExcluded } from '../guards/node-not-excluded.ts';
import { platformIsMutable } from '../guards/platform-mutable.ts';
import { policyAllows } from '../guards/policy-allows.ts';
import { stillWrongOrSick } from '../guards/still-sick.ts';
import { whyOutdated } from '../planning/outdated.ts';
import { mayCorrect, mayRecreate } from '../scope/remedies.ts';
import { act, end, pass, type Verdict } from '../verdict.ts';
import { standingOf } from '../verification/standing.ts';
import type { Situation } from '../world.ts';
import { makePlan } from './make-plan.ts';

const STILL_NEEDED = [
  policyAllows,
  nodeExists,
  nodeIsNotExcluded,
  inScope,
  platformIsMutable,
  stillWrongOrSick,
] as const;

/** Before an incident is admitted. Under the mode Plan nothing is done anyway. */
export function correctIsAllowed(situation: Situation): Verdict {
  const { policy, remediation, world } = situation;
  if (mayCorrect(remediation.spec) || policy?.mode === 'Plan') return pass;
  if (wasAdmitted(situation) || stepStartedAt(remediation, 'Repair') !== null || world.repairJob) return pass;
  for (const guard of STILL_NEEDED) {
    const verdict = guard(situation);
    if (verdict.kind !== 'pass') return verdict;
  }
  const { plan } = remediation.status;
  if (!plan || whyOutdated(plan, situation) !== null) return makePlan(situation, policy?.mode === 'Approve');
  if (plan.changes === 'Nothing')
    return world.inspection && !world.inspection.deleting ? act({ kind: 'remove-inspection' }) : pass;
  const file = plan.file ?? 'the configuration of the kubelet';
  return end({
    phase: 'Refused',
    reason: REMEDY_NOT_ALLOWED,
    message: `The policy does not allow CorrectKubelet (spec.repair.remedies), and this would be needed: ${plan.summary} Nothing was changed.`,
    advice: isOfFileAlone(remediation)
      ? `Correct ${file} on the node as status.plan.diff shows, or allow CorrectKubelet in spec.repair.remedies.`
      : `Correct ${file} on the node as status.plan.diff shows, restart its kubelet, and delete the DNS pods that were started before. Or allow CorrectKubelet in spec.repair.remedies, and acknowledge this record.`,
    hold: false,
  });
}

/** After the agent has found the kubelet right: only pods would be left to do. */
export function recreateIsAllowed(situation: Situation): Verdict {
  const { remediation, world } = situation;
  const { repair } = remediation.status;
  const wasRight = repair?.outcome === 'already-right' || repair?.reason === 'CurrentIsUsable';
  if (mayRecreate(remediation.spec) || !wasRight || remediation.status.deletedPods.length > 0) return pass;
  const stale = world.dnsPods
    .filter((pod) => pod.node === remediation.spec.node.name && !pod.deleting)
    .filter((pod) => standingOf(pod, situation) === 'stale')
    .map(({ name }) => name);
  if (stale.length === 0) return pass;
  return end({
    phase: 'Refused',
    reason: REMEDY_NOT_ALLOWED,
    message: `The kubelet of node ${remediation.spec.node.name} is right already, and the policy does not allow RecreatePods (spec.repair.remedies). Still with the resolv.conf from before: ${stale.join(', ')}.`,
    advice: `Delete these pods, so that their replacements get the right resolv.conf: \`kubectl -n kube-system delete pod ${stale.join(' ')}\`.`,
    hold: false,
  });
}

const REMEDY_NOT_ALLOWED = 'RemedyNotAllowed';
