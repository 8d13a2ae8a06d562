/** When CoreDNS containers died, to the millisecond: the runtime's time stamp of the FATAL line. The API only has seconds. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Rig } from '../cluster/rig.ts';

const POLL_MS = 150;

export interface Deaths {
  /** Epoch milliseconds at which a container wrote this line; undefined while it was not seen. */
  of(line: string): number | undefined;
  stop(): Promise<void>;
}

/** Reads the logs of the node's CoreDNS pods again and again, because they go with their pods. */
export function watchDeaths(rig: Rig, node: string): Deaths {
  const seen = new Map<string, number>();
  const stop = new AbortController();

  async function readLogs(): Promise<void> {
    for (const pod of await rig.dnsPods(node)) {
      for (const previous of [false, true]) {
        const path = `/api/v1/namespaces/kube-system/pods/${pod.metadata.name}/log?container=coredns&timestamps=true&previous=${previous}`;
        const log = await rig.api.text(path);
        for (const entry of log.split('\n')) {
          const [stamp = '', ...words] = entry.split(' ');
          if (words[0] === '[FATAL]') seen.set(words.join(' '), Date.parse(stamp));
        }
      }
    }
  }

  const loop = (async () => {
    let refused = 0;
    while (!stop.signal.aborted) {
      try {
        await readLogs();
      } catch {
        // A pod that is just made or just gone has no log; the line is looked for again in a moment.
        refused += 1;
      }
      await sleep(POLL_MS);
    }
    return refused;
  })();

  return {
    of: (line) => seen.get(line),
    async stop() {
      stop.abort();
      await loop;
    },
  };
}
