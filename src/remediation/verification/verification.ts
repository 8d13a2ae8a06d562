/** What the verification has shown, in words: why it waits, why it failed, and what a healed node rests on. */

import type { Ending } from '../verdict.ts';
import type { DnsPodView, Remediation, Situation } from '../world.ts';
import { failedBefore } from './before.ts';
import { type Asked, whomToAsk } from './whom-to-ask.ts';

/** The same container passed twice, far enough apart. */
export function isVerified({ spec, status }: Remediation): boolean {
  const { verification } = status;
  if (!verification?.firstSuccess) return false;
  const stableMs = Date.parse(verification.lastAttempt) - Date.parse(verification.firstSuccess);
  return stableMs >= spec.settings.verification.stableSeconds * 1000;
}

/** What the pod did not answer when it was last asked; null if it passed. */
export function failedAnswers({ status }: Remediation, pod: DnsPodView): string | null {
  const last = status.verification;
  if (last?.podUID !== pod.uid) return 'it was never asked';
  if (last.firstSuccess) return null;
  return last.answers
    .filter((answer) => !answer.ok)
    .map(
      ({ name, protocol, type, result }) =>
        `${name}${type === 'AAAA' ? ' (AAAA)' : ''} over ${protocol.toUpperCase()}: ${result}`,
    )
    .join(', ');
}

/** Which pod is waited for, on which node, and for what. */
export function waitingFor(asked: Asked, { world }: Situation): string {
  if (asked.kind === 'nobody') return asked.waitingFor;
  const { name, node, restartCount } = asked.pod;
  if (node !== '')
    return restartCount > 0
      ? `Pod ${name} on ${node} is not running: its container was restarted ${restartCount} times.`
      : `Pod ${name} on ${node} is not running yet.`;
  const cordoned = world.node?.unschedulable ? world.node.name : null;
  return cordoned === null
    ? `Pod ${name} is not scheduled to a node yet.`
    : `Pod ${name} is not scheduled to a node yet. Node ${cordoned} is cordoned: \`kubectl uncordon ${cordoned}\` lets the pod run there.`;
}

/** The end when the time is over. Only a pod that came after the repair and was asked, or crashed, convicts it. */
export function notVerified(asked: Asked, situation: Situation): Ending {
  const { remediation } = situation;
  if (asked.kind === 'pod' && asked.as === 'replacement' && hasRun(asked.pod)) {
    const { name, node } = asked.pod;
    return {
      phase: 'Failed',
      reason: 'VerificationFailed',
      message: `Pod ${name} on ${node} did not pass verification: ${failedAnswers(remediation, asked.pod) ?? waitingFor(asked, situation)}.`,
      advice: `The repair stays on the node, and further repairs are paused until this failure is acknowledged. Check the log of the DNS pod: \`kubectl -n kube-system logs ${name}\`.`,
      hold: true,
    };
  }
  const unproven = { phase: 'Failed', reason: 'NotVerified', hold: false } as const;
  if (asked.kind === 'pod' && asked.as === 'witness') {
    const { name, node } = asked.pod;
    return {
      ...unproven,
      message: `The kubelet was repaired. Pod ${name} on ${node} serves with the resolv.conf from before, and did not pass verification: ${failedAnswers(remediation, asked.pod) ?? waitingFor(asked, situation)}.`,
      advice: `Delete the pod while another DNS pod serves, so that its replacement gets the repaired resolv.conf: \`kubectl -n kube-system delete pod ${name}\`.`,
    };
  }
  const { kind, name } = remediation.spec.settings.workload;
  const which = asked.kind === 'pod' ? `pod ${asked.pod.name}` : `${kind.toLowerCase()} ${name}`;
  return {
    ...unproven,
    message: `The kubelet was repaired, but no new DNS pod could be asked. ${waitingFor(asked, situation)}`,
    advice: `The repair stays on the node. Find out why the DNS pod does not run: \`kubectl -n kube-system describe ${which}\`.`,
  };
}

const hasRun = ({ runningSince, restartCount }: DnsPodView): boolean =>
  runningSince !== null || restartCount > 0;

/** The end of an incident that passed every stage. */
export function isHealed(situation: Situation): Ending {
  const reason = proofIsEnough(situation) ? 'Proven' : 'Verified';
  return { phase: 'Healed', reason, message: healed(situation), hold: false };
}

/** The node was found wrong before it had a DNS pod: the proof pod shows all that there is to show. */
export function proofIsEnough({ remediation, world }: Situation): boolean {
  const { spec, status } = remediation;
  return (
    spec.trigger === 'Drift' &&
    status.deletedPods.length === 0 &&
    !world.dnsPods.some((pod) => pod.node === spec.node.name && !pod.deleting && !pod.isNodeLocal)
  );
}

/** What a healed node rests on. */
export function healed(situation: Situation): string {
  const { remediation } = situation;
  const { verification, before } = remediation.status;
  if (proofIsEnough(situation)) return 'A proof pod resolves names on this node, which runs no DNS pod.';
  const asked = whomToAsk(situation, true);
  if (!verification || !isVerified(remediation))
    return asked.kind === 'pod'
      ? `A proof pod resolves names on this node. The new DNS pod ${asked.pod.name} runs on ${asked.pod.node}, which has an incident of its own.`
      : 'A proof pod resolves names on this node.';
  const isWitness = asked.kind === 'pod' && asked.as === 'witness' && asked.pod.uid === verification.podUID;
  const who = isWitness
    ? `Pod ${verification.pod} on ${verification.node} answers over UDP and TCP; no DNS pod had to be recreated.`
    : 'A DNS pod that was created after the repair answers over UDP and TCP.';
  const excused = verification.answers.find((answer) => failedBefore(remediation.status, answer));
  return before && excused
    ? `${who} It does not answer the external name ${excused.name} (${excused.result}), as pod ${before.pod} on ${before.node} did not before the repair.`
    : who;
}
