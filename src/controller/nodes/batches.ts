/** In which batch the pod of a check is removed: a few checks in a row share one, and a batch that is closed gets no more. */
import { randomUUID } from 'node:crypto';
import type { AgentPod } from '../../observe/agent-run.ts';

const SIZE = 20;
/** In a small cluster a batch is never full. */
const OPEN_MS = 60_000;
/** The cache may not show the last pod of a batch yet, which would be removed unread with the others. */
const SETTLE_MS = 30_000;
/** The cache shows one pod after the other as removed. */
const ASK_AGAIN_MS = 10_000;

export interface Batches {
  /** For a check that starts now. */
  current(): string;
  /** Batches to remove now: they get no more pods, and all pods that the cache shows of them were read. */
  finished<P extends AgentPod>(pods: readonly P[], isRead: (pod: P) => boolean): readonly string[];
  /** When the next batch can be finished by time; null if none can. */
  leftMs(): number | null;
}

/** Of a leader before this one no batch is open: its names are random. */
export function createBatches(now: () => number): Batches {
  const asked = new Map<string, number>();
  /** Until when a batch of this process is left alone. */
  const settledAt = new Map<string, number>();
  let open: { readonly name: string; readonly since: number; count: number } | null = null;
  const close = (): void => {
    if (open && (open.count >= SIZE || now() - open.since >= OPEN_MS)) open = null;
  };
  return {
    current() {
      close();
      open ??= { name: randomUUID(), since: now(), count: 0 };
      open.count += 1;
      settledAt.set(open.name, now() + SETTLE_MS);
      return open.name;
    },
    finished(pods, isRead) {
      close();
      const unread = new Set(pods.filter((pod) => !isRead(pod)).map(({ batch }) => batch));
      const all = new Set(pods.flatMap(({ batch, deleting }) => (batch === '' || deleting ? [] : [batch])));
      for (const batch of asked.keys()) if (!all.has(batch)) asked.delete(batch);
      const found = [...all].filter(
        (batch) =>
          batch !== open?.name &&
          now() >= (settledAt.get(batch) ?? 0) &&
          !unread.has(batch) &&
          now() - (asked.get(batch) ?? Number.NEGATIVE_INFINITY) >= ASK_AGAIN_MS,
      );
      for (const batch of found) asked.set(batch, now());
      for (const [batch, at] of settledAt) if (batch !== open?.name && at <= now()) settledAt.delete(batch);
      return found;
    },
    leftMs() {
      const times = [...settledAt.values(), ...(open ? [open.since + OPEN_MS] : [])].filter(
        (at) => at > now(),
      );
      return times.length === 0 ? null : Math.min(...times) - now();
    },
  };
}
