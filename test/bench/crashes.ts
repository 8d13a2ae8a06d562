/** The times of CoreDNS crashes in milliseconds: the container runtime's timestamp of the FATAL line. The API has only seconds. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Rig } from '../cluster/rig.ts';

const POLL_MS = 150;

interface Crashes {
  /** Epoch milliseconds at which a container wrote this line; undefined if it has not been seen. */
  timeOf(line: string): number | undefined;
  stop(): Promise<void>;
}

/** Polls the logs of the node's CoreDNS pods, because a log is deleted with its pod. */
export function watchCrashes(rig: Rig, node: string): Crashes {
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
    let failed = 0;
    while (!stop.signal.aborted) {
      try {
        await readLogs();
      } catch {
        // A pod that was just created or deleted has no log; the next poll is soon.
        failed += 1;
      }
      await sleep(POLL_MS);
    }
    return failed;
  })();

  return {
    timeOf: (line) => seen.get(line),
    async stop() {
      stop.abort();
      await loop;
    },
  };
}
