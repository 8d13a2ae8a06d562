/** Reads the log of one container death, and keeps only what that container wrote during its life. */
import { DNS_NAMESPACE } from '../api/keys.ts';
import type { KubeClient, LogRequest } from '../kube/client.ts';
import { KubeError } from '../kube/errors.ts';
import type { ContainerDeath, DnsContainer, DnsPod } from './dns-pod.ts';

/**
 * The FATAL line is the last one; a looping CoreDNS writes some ten lines before it. The limit is far more than that many
 * lines can have: it cuts the end of the tail, which is where the line is.
 */
const TAIL = { tailLines: 40, limitBytes: 262_144 };
/** Go ends with this code after a panic, and prints the stacks of all goroutines after the line that says why. */
const GO_PANIC = 2;
/** The line is among the first of the last second; the stacks may have any length. */
const DUMP = { beforeMs: 1_000, limitBytes: 1_048_576 };
/** The runtime stamps a line when it has read it, and the death when it has noticed it, maybe under load. */
const CLOCK_SLACK_MS = 2_000;
/** The kubelet reports whole seconds. */
const SECOND_MS = 1_000;
/** The life of a container whose start is not known; a loop ends it within thirty seconds. */
const UNKNOWN_LIFE_MS = 60_000;

/**
 * The current log while no newer container exists, otherwise the previous one. The runtime may refuse either for a
 * moment, so the other one is tried too; it can be that of another container, which may have died long ago.
 *
 * @returns null if no log of this death could be read
 * @throws KubeError when the API cannot be reached or forbids the read
 */
export async function readLogOfDeath(
  kube: KubeClient,
  { pod, container, death }: { pod: DnsPod; container: DnsContainer; death: ContainerDeath },
  signal: AbortSignal,
): Promise<string | null> {
  const [own, other] = death.isCurrent ? [false, true] : [true, false];
  for (const previous of [own, other]) {
    try {
      const log = await kube.readLog({
        namespace: DNS_NAMESPACE,
        pod: pod.name,
        container: container.name,
        previous,
        timestamps: true,
        ...partOf(death),
        signal,
      });
      // The other log usually is that of the container before or after, whose lines may be only a second away.
      const lines = linesOfLife(log, death, previous === own ? CLOCK_SLACK_MS : 0);
      if (lines.length > 0) return lines.join('\n');
    } catch (error) {
      const refused =
        error instanceof KubeError && (error.code === 400 || error.code === 404 || error.code === 500);
      if (!refused) throw error;
    }
  }
  return null;
}

function partOf({
  exitCode,
  finishedAt,
}: ContainerDeath): Pick<LogRequest, 'tailLines' | 'sinceTime' | 'limitBytes'> {
  if (exitCode !== GO_PANIC || finishedAt === 0) return TAIL;
  const { beforeMs, limitBytes } = DUMP;
  return { sinceTime: new Date(finishedAt - beforeMs).toISOString(), limitBytes };
}

/** What the API writes before each line that has a time. One blank; a second one belongs to the line. */
const API_TIME = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)) /;

/**
 * Without the time that the API added. A line without one is not from the container: the runtime answers 200 with a
 * text of its own if it cannot find the file.
 */
function linesOfLife(
  log: string,
  { startedAt, finishedAt }: ContainerDeath,
  slackMs: number,
): readonly string[] {
  const from = (startedAt || finishedAt - UNKNOWN_LIFE_MS) - slackMs;
  const to = finishedAt + SECOND_MS + slackMs;
  return log.split('\n').flatMap((line) => {
    const [prefix = '', time = ''] = API_TIME.exec(line) ?? [];
    const at = Date.parse(time);
    return at >= from && at < to ? [line.slice(prefix.length)] : [];
  });
}
