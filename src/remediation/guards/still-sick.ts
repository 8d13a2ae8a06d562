/** The pod still loops, or the node is still wrong: the evidence may be out of date by the time it is the incident's turn. */
import { podOf } from '../../api/trigger.ts';
import { RECHECK_MS } from '../deadlines.ts';
import { isOfFileAlone } from '../facts.ts';
import { dueSince } from '../record/attempts.ts';
import { pass, type Verdict } from '../verdict.ts';
import { isWaitOfLimit } from '../waits.ts';
import type { DnsPodView, Remediation, Situation } from '../world.ts';
import { cancelled } from './guard.ts';

const HOUR_MS = 60 * 60_000;
/** An incident whose first or next attempt its node or its pods kept from beginning for this long is cancelled; a pod that still loops makes a new one. */
const PENDING_LIMIT_MS = HOUR_MS;
/** Nothing fails yet, and many nodes may have been found wrong at once; one that still is makes a new incident. */
const DRIFT_PENDING_LIMIT_MS = 24 * HOUR_MS;
/** A pod that has run for this long after its crash recovered; a looping CoreDNS lives a second, seldom thirty. */
export const RECOVERED_AFTER_MS = 35_000;

export function stillSick(situation: Situation): Verdict {
  const verdict = stillWrongOrSick(situation);
  return verdict.kind === 'pass' ? notTooLate(situation) : verdict;
}

/** The same, however long it has waited: what waits for a person does not become pointless by that. */
export function stillWrongOrSick(situation: Situation): Verdict {
  const { remediation } = situation;
  if (isOfFileAlone(remediation)) return stillWrongInFile(situation);
  return remediation.spec.trigger === 'Drift' ? stillWrong(situation) : stillLoops(situation);
}

function notTooLate({ remediation, now }: Situation): Verdict {
  // Its turn has come, or it was its plan that waited: what kept it until then, its record does not say any more.
  if (remediation.status.phase !== 'Pending') return pass;
  const isDrift = remediation.spec.trigger === 'Drift';
  const isOverdue = hasWaitedFor(remediation, now) > (isDrift ? DRIFT_PENDING_LIMIT_MS : PENDING_LIMIT_MS);
  if (!isOverdue) return pass;
  const what = isOfFileAlone(remediation) ? 'correction' : 'repair';
  return cancelled('WaitedTooLong', `The ${what} could not begin within ${isDrift ? 'a day' : 'an hour'}.`);
}

function stillLoops({ remediation, world, now }: Situation): Verdict {
  const pod = world.dnsPods.find((candidate) => candidate.uid === podOf(remediation.spec)?.uid);
  if (!pod)
    return cancelled(
      'PodGone',
      'The pod that looped no longer exists. If its replacement loops, that is a new incident.',
    );
  if (hasRecovered(pod, remediation, now))
    return cancelled('Recovered', `Pod ${pod.name} recovered without a repair.`);
  return pass;
}

function stillWrong({ remediation, world }: Situation): Verdict {
  const found = world.node?.checks?.found;
  if (found?.verdict === 'proven' && Date.parse(found.at) > remediation.createdAt)
    return cancelled(
      'Recovered',
      `A later check of node ${remediation.spec.node.name} found it well: new pods are given ${found.nameservers.join(', ')} (class ${found.class}).`,
    );
  return pass;
}

function stillWrongInFile({ remediation, world }: Situation): Verdict {
  const { found, files } = world.node?.checks ?? {};
  const isLater = (at: string): boolean => Date.parse(at) > remediation.createdAt;
  if (found?.verdict === 'drifted' && isLater(found.at))
    return cancelled(
      'KubeletDrifted',
      `The kubelet of node ${remediation.spec.node.name} was restarted with the wrong file. That is a drift of its own, and is repaired with a restart.`,
    );
  if (files?.verdict === 'both-right' && isLater(files.at))
    return cancelled('Recovered', 'A later inspection of the node found the file right.');
  return pass;
}

/**
 * For how long it could not begin, because of its node or its pods. A closed window, a pause, a limit or the repair of
 * another node says nothing of this one: it waits for as long as they last, and is still the same incident.
 */
function hasWaitedFor(remediation: Remediation, now: number): number {
  const { reason, waitingSince, approval } = remediation.status;
  if (isWaitOfLimit(reason)) return 0;
  const since = [waitingSince, approval?.at].map((time) => Date.parse(time ?? '') || 0);
  return now - Math.max(dueSince(remediation), ...since);
}

/** Recovery is not an event: it shows only when the pod has run for long enough. */
export function untilRecovered({ remediation, world, now }: Situation): number {
  const pod = world.dnsPods.find(({ uid }) => uid === podOf(remediation.spec)?.uid);
  // That of a pod that does not crash is: the prober notices its first right answer.
  if (remediation.spec.trigger === 'LateLoop') return Number.POSITIVE_INFINITY;
  if (!pod?.ready || pod.upSince === null) return Number.POSITIVE_INFINITY;
  return Math.max(RECHECK_MS, pod.upSince + RECOVERED_AFTER_MS - now);
}

/** One that does not crash is Ready all the time; only its answers show that it recovered. */
function hasRecovered(pod: DnsPodView, { spec }: Remediation, now: number): boolean {
  if (spec.trigger === 'LateLoop') return pod.answers === true;
  return pod.ready && pod.upSince !== null && now - pod.upSince >= RECOVERED_AFTER_MS;
}
