/** In which batch the pod of a check is removed: a few checks in a row share one, and a batch that is closed gets no more. */
import { randomUUID } from 'node:crypto';
import type { AgentPod } from '../../observe/agent-run.ts';

const SIZE = 20;
/** In a small cluster a batch is never full. */
const OPEN_MS = 60_000;

export interface Batches {
  /** For a check that starts now. */
  current(): string;
  /** Batches that get no more pods and whose pods were all read, by what the cache shows. */
  finished(pods: readonly AgentPod[], isRead: (pod: AgentPod) => boolean): readonly string[];
  /** For how long the open one stays open; null without one. */
  leftMs(): number | null;
}

/** Of a leader before this one no batch is open: its names are random. */
export function createBatches(now: () => number): Batches {
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
      return [...all].filter((batch) => batch !== open?.name && !unread.has(batch));
    },
    leftMs: () => open && open.since + OPEN_MS - now(),
  };
}
