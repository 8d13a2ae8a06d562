/** The pod still loops: the evidence may be out of date by the time it is the incident's turn. */
import { podOf } from '../../api/trigger.ts';
import { dueSince } from '../record/attempts.ts';
import { pass, type Verdict } from '../verdict.ts';
import type { DnsPodView, Remediation, Situation } from '../world.ts';
import { cancelled } from './guard.ts';

/** An incident whose first or next attempt could not begin for this long is cancelled; a pod that still loops makes a new one. */
const PENDING_LIMIT_MS = 60 * 60_000;
/** A pod that has run for this long after its crash recovered; a looping CoreDNS lives a second, seldom thirty. */
export const RECOVERED_AFTER_MS = 35_000;

export function stillSick({ remediation, world, now }: Situation): Verdict {
  const pod = world.dnsPods.find((candidate) => candidate.uid === podOf(remediation.spec)?.uid);
  if (!pod)
    return cancelled(
      'PodGone',
      'The pod that looped no longer exists. If its replacement loops, that is a new incident.',
    );
  if (hasRecovered(pod, remediation, now))
    return cancelled('Recovered', `Pod ${pod.name} recovered without a repair.`);
  if (now - dueSince(remediation) > PENDING_LIMIT_MS)
    return cancelled('WaitedTooLong', 'The repair could not begin within an hour.');
  return pass;
}

/** One that does not crash is Ready all the time; only its answers show that it recovered. */
function hasRecovered(pod: DnsPodView, { spec }: Remediation, now: number): boolean {
  if (spec.trigger === 'LateLoop') return pod.answers === true;
  return pod.ready && pod.upSince !== null && now - pod.upSince >= RECOVERED_AFTER_MS;
}
