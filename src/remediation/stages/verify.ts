/** Ready is not proof: asks the recreated pod itself, and once more after it has run for a while. */
import { podOf } from '../../api/trigger.ts';
import { PROBE_EAGER_MS, PROBE_PATIENT_RETRY_MS, PROBE_RETRY_MS, RECHECK_MS } from '../deadlines.ts';
import { stepAge, stepIsFinished, stepStartedAt } from '../facts.ts';
import { act, end, type ProbedPod, pass, record, type Verdict, wait } from '../verdict.ts';
import { standingOf } from '../verification/standing.ts';
import {
  failedAnswers,
  healed,
  isVerified,
  notVerified,
  proofIsEnough,
  waitingFor,
} from '../verification/verification.ts';
import { askable, whomToAsk } from '../verification/whom-to-ask.ts';
import type { DnsPodView, Remediation, Situation } from '../world.ts';

export function verify(situation: Situation): Verdict {
  const { remediation, now } = situation;
  if (proofIsEnough(situation)) return pass;
  if (stepStartedAt(remediation, 'Verify') === null) return record({ kind: 'verification-began' });
  if (isVerified(remediation)) return onceVerified(situation);

  const isLate = overdueMs(situation) > 0;
  const asked = whomToAsk(situation, isLate);
  if (asked.kind === 'pod' && isAnotherIncident(asked.pod, situation, isLate)) return pass;
  const pod = asked.kind === 'pod' ? askable(asked.pod) : null;
  if (isLate && !(pod && deservesAQuestion(pod, situation))) return end(notVerified(asked, situation));
  if (!pod) return wait('WaitingForPod', waitingFor(asked, situation), RECHECK_MS);

  const dueInMs = nextProbeAt(pod, situation) - now;
  if (dueInMs <= 0) return act({ kind: 'probe', pod });
  const failed = failedAnswers(remediation, pod);
  return failed === null
    ? wait('WaitingForStability', `Pod ${pod.name} on ${pod.node} answers and will be asked again.`, dueInMs)
    : wait('WaitingForAnswers', `Pod ${pod.name} on ${pod.node} will be asked again: ${failed}.`, dueInMs);
}

/** For how long the time-out of verification is over; negative before. */
function overdueMs(situation: Situation): number {
  const { timeoutSeconds } = situation.remediation.spec.settings.verification;
  return stepAge(situation, 'Verify') - timeoutSeconds * 1000;
}

/** A pod that our restart made unready, beside the one that was asked: the incident is not over until it is decided. */
function onceVerified(situation: Situation): Verdict {
  const { remediation, world } = situation;
  const other = world.dnsPods.find(
    (pod) =>
      pod.node === remediation.spec.node.name &&
      pod.uid !== remediation.status.verification?.podUID &&
      !pod.deleting &&
      standingOf(pod, situation) === 'undecided',
  );
  if (!other)
    return stepIsFinished(remediation, 'Verify')
      ? pass
      : record({ kind: 'verified', message: healed(situation) });
  const why = `Pod ${other.name} on ${other.node} ran through the restart of the kubelet and is not Ready again yet.`;
  return wait('WaitingForPod', why, RECHECK_MS);
}

/**
 * The replacement was scheduled to another broken node, and loops there; the proof pod has shown that this node is
 * repaired. If the incident of the other node is about another pod, this one may still answer.
 */
function isAnotherIncident(pod: DnsPodView, { remediation, world }: Situation, isLate: boolean): boolean {
  return (
    pod.node !== remediation.spec.node.name &&
    world.remediations.some(
      (other) =>
        other.name !== remediation.name &&
        other.spec.node.name === pod.node &&
        other.status.finishedAt === undefined &&
        (isLate || podOf(other.spec)?.uid === pod.uid),
    )
  );
}

/**
 * It was not asked since the time was over, it answered then and has to stay stable, or it has only just started: a pod
 * that became able to answer only now has not failed.
 */
function deservesAQuestion(pod: ProbedPod, situation: Situation): boolean {
  const last = situation.remediation.status.verification;
  if (last?.podUID !== pod.uid || (isSameContainer(last, pod) && last.firstSuccess)) return true;
  const runsForMs = situation.now - (pod.runningSince ?? 0);
  // Not if the clock of the node is ahead: it would stay young for that long.
  if (pod.restartCount === 0 && runsForMs >= 0 && runsForMs < PROBE_EAGER_MS) return true;
  return Date.parse(last.lastAttempt) < situation.now - overdueMs(situation);
}

/** After a first success when the pod has been stable for long enough; after a failure soon. */
function nextProbeAt(pod: ProbedPod, situation: Situation): number {
  const { remediation } = situation;
  const last = remediation.status.verification;
  if (last?.podUID !== pod.uid) return 0;
  return isSameContainer(last, pod) && last.firstSuccess
    ? Date.parse(last.firstSuccess) + remediation.spec.settings.verification.stableSeconds * 1000
    : Date.parse(last.lastAttempt) +
        (stepAge(situation, 'Verify') < PROBE_EAGER_MS ? PROBE_RETRY_MS : PROBE_PATIENT_RETRY_MS);
}

type Verification = NonNullable<Remediation['status']['verification']>;
const isSameContainer = (last: Verification, pod: ProbedPod): boolean =>
  last.containerID === pod.containerID && last.restartCount === pod.restartCount;
