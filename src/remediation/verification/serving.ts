/** Which DNS pods serve, as far as is known: Ready is not enough, a looping CoreDNS is Ready for a moment, or all the time. */
import type { DnsPodView } from '../world.ts';

/** A looping CoreDNS may be Ready for a second between two crashes; one that has run for longer serves. */
export const SERVES_AFTER_MS = 10_000;

type Service = Pick<DnsPodView, 'ready' | 'deleting' | 'runningSince' | 'upSince' | 'answers'>;

/** Ready, and running for long enough to be relied on. */
export function serves(pod: Service, now: number): boolean {
  return mayServe(pod) && pod.upSince !== null && now - pod.upSince >= SERVES_AFTER_MS;
}

/** Ready, and never crashed: it may be one that has only just started to serve. */
export function isYoung(pod: DnsPodView): boolean {
  return mayServe(pod) && pod.restartCount === 0;
}

const mayServe = (pod: Omit<Service, 'upSince'>): boolean =>
  pod.ready && !pod.deleting && pod.runningSince !== null && pod.answers !== false;
