/** Which death of a DNS container still matters. Pure. */
import { isNodeRestart } from '../../diagnosis/crash.ts';
import type { ContainerDeath } from '../../observe/dns-pod.ts';
import type { ParsedPod } from './case-pod.ts';

/** A container that has run for so long and is ready has recovered: its death is history. */
const RECOVERED_MS = 600_000;

/** Null if there was none, or it is history. @param now epoch milliseconds */
export function currentDeath({ dns, container }: ParsedPod, now: number): ContainerDeath | null {
  const death = container?.death ?? null;
  const since = container?.runningSince;
  if (death === null || since == null) return death;
  // The restart of its node ended it, and it runs again.
  if (isNodeRestart(death)) return null;
  return dns.ready && now - since > RECOVERED_MS ? null : death;
}
