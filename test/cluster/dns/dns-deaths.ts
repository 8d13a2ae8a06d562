/** Deaths of the containers of DNS pods: waits for one, and finds its line in the log. */
import type { Pod } from '../api-client.ts';
import type { Rig } from '../rig.ts';
import { until } from '../until.ts';

export interface Crash {
  readonly pod: string;
  /** The line of the log that was waited for. */
  readonly line: string;
  readonly finishedAt: string;
}

interface Sought {
  /** Completes "waited N s for ...". */
  readonly what: string;
  readonly pods: () => Promise<readonly Pod[]>;
  readonly line: RegExp;
  /** Ids of containers whose deaths do not count. @default none */
  readonly known?: ReadonlySet<string>;
  /** Epoch milliseconds. The deaths of containers that are older do not count. @default 0 */
  readonly startedAfter?: number;
  /** @default 120 000 */
  readonly timeoutMs?: number;
}

/** Waits until a container has ended with exit code 1 and this line in its log. */
export function waitForCrash(rig: Rig, sought: Sought): Promise<Crash> {
  const { what, known = new Set(), startedAfter = 0, timeoutMs = 180_000 } = sought;
  return until(
    async () => {
      for (const pod of await sought.pods()) {
        const status = pod.status.containerStatuses?.[0];
        const death = status?.state.terminated ?? status?.lastState.terminated;
        if (!status || death?.exitCode !== 1) continue;
        if (Date.parse(death.startedAt) < startedAfter) continue;
        if (status.containerID !== undefined && known.has(status.containerID)) continue;
        const line = await logLine(rig, pod.metadata.name, status.name, sought.line);
        if (line !== undefined) return { pod: pod.metadata.name, line, finishedAt: death.finishedAt };
      }
      return undefined;
    },
    { what, timeoutMs, everyMs: 100 },
  );
}

/** Ids of the containers that these pods have now. */
export const containerIds = (pods: readonly Pod[]): ReadonlySet<string> =>
  new Set(
    pods.flatMap(({ status }) => status.containerStatuses ?? []).flatMap((one) => one.containerID ?? []),
  );

/** The first such line of the container's log, now or before its last restart: the runtime may refuse one of the two. */
export async function logLine(
  rig: Rig,
  pod: string,
  container: string,
  sought: RegExp,
): Promise<string | undefined> {
  for (const previous of [false, true]) {
    const path = `/api/v1/namespaces/kube-system/pods/${pod}/log?container=${container}&previous=${previous}`;
    const log = await rig.api.text(path).catch(() => '');
    const line = log.split('\n').find((candidate) => sought.test(candidate));
    if (line !== undefined) return line;
  }
  return undefined;
}
