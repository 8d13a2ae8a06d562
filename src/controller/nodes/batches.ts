/** In which batch the pod of a check is removed: a few checks in a row share one, and a batch that is closed gets no more. */
import { randomUUID } from 'node:crypto';
import type { AgentPod } from '../../observe/agent-run.ts';

const SIZE = 20;
/** In a small cluster a batch is never full. */
const OPEN_MS = 60_000;
/** The cache shows one pod after the other as removed. */
const ASK_AGAIN_MS = 10_000;

export interface Batches {
  /** For a check that starts now. */
  current(): string;
  /** Batches to remove now: they get no more pods, and all pods that the cache shows of them were read. */
  finished<P extends AgentPod>(pods: readonly P[], isRead: (pod: P) => boolean): readonly string[];
  /** For how long the open one stays open; null without one. */
  leftMs(): number | null;
}

/** Of a leader before this one no batch is open: its names are random. */
export function createBatches(now: () => number): Batches {
  const asked = new Map<string, number>();
  let open: { readonly name: string; readonly since: number; count: number } | null = null;
  const close = (): void => {
    if (open && (open.count >= SIZE || now() - open.since >= OPEN_MS)) open = null;
  };
  return {
    current() {
      close();
      open ??= { name: randomUUID(), since: now(), count: 0 };
      open.count += 1;
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
          !unread.has(batch) &&
          now() - (asked.get(batch) ?? Number.NEGATIVE_INFINITY) >= ASK_AGAIN_MS,
      );
      for (const batch of found) asked.set(batch, now());
      return found;
    },
    leftMs: () => open && open.since + OPEN_MS - now(),
  };
}
