/** Follows a condition, as `kubectl get -w` would show it: Healthy of the policy `coredns`, or that of a node. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Rig } from '../../cluster/rig.ts';
import { policyStatus } from './cluster-state.ts';
import { nodeCondition } from './node-checks.ts';

interface Turn {
  /** Epoch milliseconds, when it was first seen. */
  readonly at: number;
  readonly status: string;
  readonly reason: string;
}

export interface ConditionWatch {
  /** Every other status or reason than before, in order. */
  readonly turns: readonly Turn[];
  statusAt(epochMs: number): string | undefined;
  /** Reads it once more, so that what was waited for is among the turns. */
  stop(): Promise<void>;
}

export const watchHealth = (rig: Rig): ConditionWatch =>
  // More often than the operator writes a status.
  watchCondition(
    async () => (await policyStatus(rig))?.conditions.find(({ type }) => type === 'Healthy'),
    200,
  );

export const watchNodeCondition = (rig: Rig, node: string): ConditionWatch =>
  watchCondition(async () => nodeCondition(rig, node), 50);

function watchCondition(
  read: () => Promise<{ readonly status: string; readonly reason: string } | undefined>,
  everyMs: number,
): ConditionWatch {
  const turns: Turn[] = [];
  const stop = new AbortController();
  const following = follow();

  async function follow(): Promise<void> {
    for (;;) {
      const isLast = stop.signal.aborted;
      const now = await read();
      const last = turns.at(-1);
      if (now && (now.status !== last?.status || now.reason !== last.reason))
        turns.push({ at: Date.now(), status: now.status, reason: now.reason });
      if (isLast) return;
      await sleep(everyMs);
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
