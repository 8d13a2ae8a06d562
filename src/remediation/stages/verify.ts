/** 7. Ready is not proof: ask the recreated pod itself, and again after it has stood for a while. */
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
  if (stepAge(situation, 'Verify') > timeoutSeconds * 1000) {
    // The proof pod has shown that this node is right; the replacement landed on a node with a fault of its own.
    if (pod && hasIncidentOfItsOwn(pod, situation)) return pass;
    return end({
      phase: 'Failed',
      reason: 'VerificationFailed',
      message: pod
        ? `Pod ${pod.name} on ${pod.node} did not answer: ${lastAnswers(remediation)}.`
        : 'The workload made no new DNS pod that could be asked.',
      advice: `Look at the pod and at its resolv.conf: kubectl -n kube-system logs ${pod?.name ?? '-l k8s-app=kube-dns'}. The repair stays on the node; further repairs wait until this one is acknowledged.`,
      hold: true,
    });
  }
  if (!pod) return wait('WaitingForPod', 'The workload has not made a new DNS pod yet.', RECHECK_MS);
  const { ip, containerID } = pod;
  if (ip === null || containerID === null || pod.runningSince === null)
    return wait('WaitingForPod', `Pod ${pod.name} on ${pod.node} does not run yet.`, RECHECK_MS);

  const dueInMs = nextProbeAt(pod, situation) - now;
  if (dueInMs > 0) return wait('WaitingForStability', `Pod ${pod.name} answers; asked again soon.`, dueInMs);
  return act({ kind: 'probe', pod: { ...pod, ip, containerID } });
}

/** The same container answered everything twice, far enough apart. */
function isVerified(remediation: Remediation): boolean {
  const { verification, spec } = { verification: remediation.status.verification, spec: remediation.spec };
  if (!verification?.firstSuccess) return false;
  const stoodMs = Date.parse(verification.lastAttempt) - Date.parse(verification.firstSuccess);
  return stoodMs >= spec.settings.verification.stableSeconds * 1000;
}

/** After a first success, ask again when the pod has stood long enough; after a failure, soon. */
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
 * The pod to ask: on this node if there is one, else wherever the scheduler put the replacement. Never one that
 * is older than the repair on this node, because its resolv.conf is.
 */
function successor(situation: Situation): DnsPodView | null {
  const { remediation, world } = situation;
  const here = remediation.spec.node.name;
  const repaired = repairedAt(situation) ?? 0;
  const gone = new Set(remediation.status.deletedPods.map((pod) => pod.uid));
  const candidates = world.dnsPods.filter((pod) => !pod.deleting && !gone.has(pod.uid));
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
    : failed.map((answer) => `${answer.name} over ${answer.protocol}: ${answer.result}`).join(', ');
}
