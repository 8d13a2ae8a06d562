/** Ready is not proof: asks the recreated pod itself, and once more after it has run for a while. */
import { PROBE_EAGER_MS, PROBE_PATIENT_RETRY_MS, PROBE_RETRY_MS, RECHECK_MS } from '../deadlines.ts';
import { repairedAt, stepAge, stepStartedAt } from '../facts.ts';
import { act, end, pass, record, type Verdict, wait } from '../verdict.ts';
import type { DnsPodView, Remediation, Situation } from '../world.ts';

export function verify(situation: Situation): Verdict {
  const { remediation, now } = situation;
  const { timeoutSeconds } = remediation.spec.settings.verification;
  if (stepStartedAt(remediation, 'Verify') === null) return record({ kind: 'verification-began' });
  if (isVerified(remediation)) return pass;

  const pod = successor(situation);
  const isOver = stepAge(situation, 'Verify') > timeoutSeconds * 1000;
  // The proof pod has shown that this node is repaired; the replacement was scheduled to another broken node.
  if (isOver && pod && hasIncidentOfItsOwn(pod, situation)) return pass;
  if (isOver && !(pod && deservesAQuestion(pod, situation)))
    return end({
      phase: 'Failed',
      reason: 'VerificationFailed',
      message: pod
        ? `Pod ${pod.name} on ${pod.node} did not pass verification: ${lastAnswers(remediation)}.`
        : 'The workload did not create a DNS pod that could be asked.',
      advice: `The repair stays on the node, and further repairs are paused until this failure is acknowledged. Check the log of the DNS pod: \`kubectl -n kube-system logs ${pod?.name ?? '-l k8s-app=kube-dns'}\`.`,
      hold: true,
    });
  if (!pod) return wait('WaitingForPod', 'The workload has not created a new DNS pod yet.', RECHECK_MS);
  const { ip, containerID } = pod;
  if (ip === null || containerID === null || pod.runningSince === null)
    return wait('WaitingForPod', `Pod ${pod.name} on ${pod.node} is not running yet.`, RECHECK_MS);

  const dueInMs = nextProbeAt(pod, situation) - now;
  if (dueInMs > 0)
    return wait('WaitingForStability', `Pod ${pod.name} answers and will be asked again.`, dueInMs);
  return act({ kind: 'probe', pod: { ...pod, ip, containerID } });
}

/**
 * It runs, and either it was not asked since the time was over, or it answered then and has to stay stable: a pod that
 * became able to answer only now has not failed.
 */
function deservesAQuestion(pod: DnsPodView, situation: Situation): boolean {
  const { remediation, now, observedSince } = situation;
  if (pod.ip === null || pod.containerID === null || pod.runningSince === null) return false;
  const last = remediation.status.verification;
  if (last?.podUID !== pod.uid) return true;
  const sameContainer = last.containerID === pod.containerID && last.restartCount === pod.restartCount;
  if (sameContainer && last.firstSuccess) return true;
  const overSince =
    now - stepAge(situation, 'Verify') + remediation.spec.settings.verification.timeoutSeconds * 1000;
  return Date.parse(last.lastAttempt) < Math.max(overSince, observedSince);
}

/** The same container passed twice, far enough apart. */
function isVerified(remediation: Remediation): boolean {
  const { spec, status } = remediation;
  const { verification } = status;
  if (!verification?.firstSuccess) return false;
  const stableMs = Date.parse(verification.lastAttempt) - Date.parse(verification.firstSuccess);
  return stableMs >= spec.settings.verification.stableSeconds * 1000;
}

/** After a first success when the pod has been stable for long enough; after a failure soon. */
function nextProbeAt(pod: DnsPodView, situation: Situation): number {
  const { remediation } = situation;
  const last = remediation.status.verification;
  if (last?.podUID !== pod.uid) return 0;
  const sameContainer = last.containerID === pod.containerID && last.restartCount === pod.restartCount;
  return sameContainer && last.firstSuccess
    ? Date.parse(last.firstSuccess) + remediation.spec.settings.verification.stableSeconds * 1000
    : Date.parse(last.lastAttempt) +
        (stepAge(situation, 'Verify') < PROBE_EAGER_MS ? PROBE_RETRY_MS : PROBE_PATIENT_RETRY_MS);
}

/**
 * The pod to ask: on this node if there is one, else wherever the replacement was scheduled. Never a pod of this node
 * that is older than the repair, because its resolv.conf is too.
 */
function successor(situation: Situation): DnsPodView | null {
  const { remediation, world } = situation;
  const here = remediation.spec.node.name;
  const repaired = repairedAt(situation) ?? 0;
  const deleted = new Set(remediation.status.deletedPods.map((pod) => pod.uid));
  const candidates = world.dnsPods.filter((pod) => !pod.deleting && !deleted.has(pod.uid));
  const rank = (pod: DnsPodView) =>
    (pod.node === here ? 4 : 0) + (pod.createdAt >= remediation.createdAt ? 2 : 0) + (pod.ready ? 1 : 0);
  return (
    candidates
      .filter(
        (pod) => pod.node !== '' && (pod.node !== here || (pod.startedAt ?? repaired) >= repaired - 1000),
      )
      .toSorted((a, b) => rank(b) - rank(a) || b.createdAt - a.createdAt)[0] ?? null
  );
}

function hasIncidentOfItsOwn(pod: DnsPodView, { remediation, world }: Situation): boolean {
  return (
    pod.node !== remediation.spec.node.name &&
    world.remediations.some(
      (other) =>
        other.name !== remediation.name &&
        other.spec.node.name === pod.node &&
        other.status.finishedAt === undefined,
    )
  );
}

function lastAnswers(remediation: Remediation): string {
  const failed = remediation.status.verification?.answers.filter((answer) => !answer.ok) ?? [];
  return failed.length === 0
    ? 'it was never asked'
    : failed
        .map((answer) => `${answer.name} over ${answer.protocol.toUpperCase()}: ${answer.result}`)
        .join(', ');
}
