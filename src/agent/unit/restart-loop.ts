/** Tells a kubelet that systemd keeps restarting from one that has come up and stays. */
import type { Clock } from '../clock.ts';
import { Refused } from '../refused.ts';
import type { KubeletUnit, UnitManager } from './kubelet-unit.ts';

/** A kubelet that cannot run is gone within a second or two of its start; this is some times that. */
const SETTLED_MS = 10_000;
const POLL_MS = 500;

/**
 * Not refused by the count alone: a kubelet that starts before its container runtime fails a time or two at every
 * boot, and a boot is just when this failure shows. So one that systemd had to restart is watched until it has been
 * up for a while; one that stays is a kubelet like any other.
 *
 * @throws Refused where it ends meanwhile
 */
export async function refuseRestartLoop(
  seen: KubeletUnit,
  { unit, clock, stop }: { readonly unit: UnitManager; readonly clock: Clock; readonly stop: AbortSignal },
): Promise<void> {
  if (seen.autoRestarts === 0 || seen.mainPid === 0) return;
  while (clock.now() - seen.startedAtMs < SETTLED_MS) {
    stop.throwIfAborted();
    await clock.sleep(POLL_MS);
    const now = await unit.state();
    if (now.mainPid !== seen.mainPid || now.autoRestarts > seen.autoRestarts)
      throw new Refused(
        'RestartLoop',
        `systemd keeps restarting the kubelet: ${now.autoRestarts} times so far (${now.activeState}/${now.subState})`,
      );
  }
}
