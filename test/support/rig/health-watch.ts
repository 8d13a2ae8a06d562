/** Follows the condition Healthy of the policy `coredns`, as `kubectl get dnshealth -w` would show it. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Rig } from '../../cluster/rig.ts';
import { policyStatus } from './cluster-state.ts';

interface Turn {
  /** Epoch milliseconds, when it was first seen. */
  readonly at: number;
  readonly status: string;
  readonly reason: string;
}

export interface HealthWatch {
  /** Every other status or reason than before, in order. */
  readonly turns: readonly Turn[];
  statusAt(epochMs: number): string | undefined;
  stop(): Promise<void>;
}

/** More often than the operator writes a status. */
const EVERY_MS = 200;

export function watchHealth(rig: Rig): HealthWatch {
  const turns: Turn[] = [];
  const stop = new AbortController();
  const following = follow();

  async function follow(): Promise<void> {
    while (!stop.signal.aborted) {
      const healthy = (await policyStatus(rig))?.conditions.find(({ type }) => type === 'Healthy');
      const last = turns.at(-1);
      if (healthy && (healthy.status !== last?.status || healthy.reason !== last.reason))
        turns.push({ at: Date.now(), status: healthy.status, reason: healthy.reason });
      await sleep(EVERY_MS);
    }
  }

  return {
    turns,
    statusAt: (epochMs) => turns.findLast(({ at }) => at <= epochMs)?.status,
    async stop() {
      stop.abort();
      await following;
    },
  };
}
