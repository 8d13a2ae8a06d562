/** Refuses to repair under a kubelet that systemd keeps restarting. */

import { Refused } from '../../api/refused.ts';
import type { Clock } from '../clock.ts';
import type { KubeletUnit, UnitManager } from './kubelet-unit.ts';

/** A kubelet that cannot run exits within a second or two of its start; this is several times that. */
const STABLE_MS = 10_000;
const POLL_MS = 500;

/**
 * The restart count alone is not a reason: a kubelet that starts before its container runtime fails once or twice at
 * every boot, and DNS loops show at boot. A kubelet that systemd has restarted is watched until it has been up for a while.
 *
 * @throws Refused if it exits during that time
 */
export async function refuseRestartLoop(
  seen: KubeletUnit,
  { unit, clock, stop }: { readonly unit: UnitManager; readonly clock: Clock; readonly stop: AbortSignal },
): Promise<void> {
  if (seen.autoRestarts === 0 || seen.mainPid === 0) return;
  while (clock.now() - seen.startedAtMs < STABLE_MS) {
    stop.throwIfAborted();
    await clock.sleep(POLL_MS);
    const now = await unit.state();
    if (now.mainPid !== seen.mainPid || now.autoRestarts > seen.autoRestarts)
      throw new Refused(
        'RestartLoop',
        `The kubelet is in a restart loop: ${now.autoRestarts} restarts by systemd so far (${now.activeState}/${now.subState}).`,
      );
  }
}
