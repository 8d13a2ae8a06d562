/**
 * DNS is served from another node that is not under repair, nor held because its repair could not be verified, or there is
 * nothing to lose.
 *
 * A kubelet restart makes every probed pod of the node unready until its next probe (kubelets before 1.35),
 * so a node with the last serving DNS pods waits. If no DNS pod serves there, nothing is lost.
 * A node-local cache counts for neither side: it serves its own node only, and forwards to the others.
 */
import { podOf } from '../../api/trigger.ts';
import { RECHECK_MS } from '../deadlines.ts';
import { workOf } from '../facts.ts';
import { takesSlot } from '../rollout/slots.ts';
import { pass, type Verdict, wait } from '../verdict.ts';
import { isYoung, SERVES_AFTER_MS, serves } from '../verification/serving.ts';
import type { DnsPodView, Remediation, Situation } from '../world.ts';

export function dnsSurvives({ remediation, world, now }: Situation): Verdict {
  const here = remediation.spec.node.name;
  // What could be lost counts sooner than what is relied on: a pod that never crashed may serve already.
  const atStake = world.dnsPods.filter(
    (pod) =>
      !pod.isNodeLocal &&
      pod.node === here &&
      !isTheLateLoop(pod, remediation) &&
      (serves(pod, now) || isYoung(pod)),
  );
  if (atStake.length === 0) return pass;

  const busy = new Map(
    world.remediations
      .filter((other) => other.name !== remediation.name && isOccupied(other))
      .map((other) => [other.spec.node.name, other.name]),
  );
  const elsewhere = world.dnsPods.filter((pod) => !pod.isNodeLocal && pod.node !== here && serves(pod, now));
  if (elsewhere.some((pod) => !busy.has(pod.node))) return pass;
  const names = atStake.map((pod) => pod.name).join(', ');
  const others = [...new Set(elsewhere.map((pod) => `${pod.node} (${busy.get(pod.node)})`))].join(', ');
  return wait(
    'LastServingPod',
    elsewhere.length === 0
      ? `Restarting the kubelet of node ${here} would make ${names} unready, and no DNS pod has served for ${SERVES_AFTER_MS / 1000} s on another node. The ${workOf(remediation)} begins once one does.${untilThen(remediation)}`
      : `Restarting the kubelet of node ${here} would make ${names} unready, and all other serving DNS pods are on nodes under repair, or held after it: ${others}. The ${workOf(remediation)} begins once one of those is finished.`,
    RECHECK_MS,
  );
}

/** Also in the moment between a verification that failed and the quarantine that follows it. */
const isOccupied = (other: Remediation): boolean => takesSlot(other) || other.status.hold === 'Restore';

/** With a single DNS pod that would be for ever, and nothing fails that would draw attention to it. */
const untilThen = ({ spec }: Remediation): string =>
  spec.trigger === 'Drift'
    ? ' Until then DNS works, and fails when the node is restarted: run a second DNS pod on another node.'
    : '';

/** After a restart of the operator it may not have been asked again yet. It is Ready, and the reason for this repair. */
const isTheLateLoop = (pod: DnsPodView, { spec }: Remediation): boolean =>
  spec.trigger === 'LateLoop' && pod.answers !== true && pod.uid === podOf(spec)?.uid;
