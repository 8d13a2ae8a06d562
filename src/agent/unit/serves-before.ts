/** Whether the kubelet's port responds before a change. Only if it does must it respond afterwards. */
import type { Clock } from '../clock.ts';

/** A pod that has just started may have no usable network yet: IPv6 first looks for duplicates of its address. */
const PATIENCE_MS = 3_000;
const POLL_MS = 100;

export async function servesBefore(kubeletServes: () => Promise<boolean>, clock: Clock): Promise<boolean> {
  const deadlineMs = clock.now() + PATIENCE_MS;
  for (;;) {
    if (await kubeletServes()) return true;
    if (clock.now() >= deadlineMs) return false;
    await clock.sleep(POLL_MS);
  }
}
