/** What a DNS pod of the repaired node is worth: its resolv.conf is as old as its sandbox. */
import { observedAge, repairedAt, stepFinishedAt } from '../facts.ts';
import type { DnsPodView, Situation } from '../world.ts';
import { SERVES_AFTER_MS, serves } from './serving.ts';

/** Until its next probe, up to ten seconds, a pod stays unready after a kubelet restart (kubelets before 1.35). */
const READY_AGAIN_MS = 15_000;

/**
 * - `new`: its sandbox is younger than the repair, or no kubelet has seen it yet
 * - `serving`: an old sandbox, but it serves; losing a serving endpoint costs clients seconds of timeouts
 * - `undecided`: it ran through the restart of the kubelet, which made it unready: its next probe shows what it is worth
 * - `stale`: an old sandbox, and it does not serve
 */
export type Standing = 'new' | 'serving' | 'undecided' | 'stale';

export function standingOf(pod: DnsPodView, situation: Situation): Standing {
  const repaired = repairedAt(situation);
  // The kubelet's timestamps have whole seconds: a pod of the same second counts as older, and is only deleted if
  // it does not serve.
  if (pod.startedAt === null || (repaired !== null && pod.startedAt > repaired)) return 'new';
  // Ready or not: it was asked, and its old resolv.conf is what it fails with.
  if (pod.answers === false) return 'stale';
  if (serves(pod, situation.now)) return 'serving';
  return ranThroughTheRestart(pod, situation) ? 'undecided' : 'stale';
}

function ranThroughTheRestart(pod: DnsPodView, situation: Situation): boolean {
  const { remediation } = situation;
  const restarted = Date.parse(remediation.status.repair?.times?.restarted ?? '');
  // By the node's clock. A looping CoreDNS may have been running for a moment as well.
  if (pod.runningSince === null || !(pod.runningSince <= restarted - SERVES_AFTER_MS)) return false;
  // By the operator's clock: its report was read right after the restart.
  const reported = stepFinishedAt(remediation, 'Repair');
  return reported !== null && observedAge(situation, reported) < READY_AGAIN_MS;
}
