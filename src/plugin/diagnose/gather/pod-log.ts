/** The log that explains the state of a DNS pod: of its last death, or of the running container. */
import { DNS_NAMESPACE } from '../../../api/keys.ts';
import { isNodeRestart, isStartFailure } from '../../../diagnosis/crash.ts';
import { KubeError } from '../../../kube/errors.ts';
import { readLogOfDeath } from '../../../observe/death-log.ts';
import type { ContainerDeath } from '../../../observe/dns-pod.ts';
import type { Connection } from '../../cluster/connect.ts';
import type { ParsedPod } from '../case-pod.ts';
import type { Attempts } from './attempts.ts';

/** The end of a log: errors of the last minutes, also where each query is logged. */
const TAIL = { tailLines: 200, limitBytes: 131_072 };

/** Undefined if it cannot be read, which is then missing. */
export async function readPodLog(
  { kube }: Connection,
  pod: ParsedPod,
  death: ContainerDeath | null,
  attempts: Attempts,
  signal: AbortSignal,
): Promise<string | undefined> {
  const { dns, container } = pod;
  if (!container) return undefined;
  if (death && (isNodeRestart(death) || isStartFailure(death))) return '';
  const previous = death !== null && !death.isCurrent;
  const wanted = {
    what: `the log of ${death ? 'the last death of ' : ''}${dns.name}`,
    command: `kubectl -n ${DNS_NAMESPACE} logs ${dns.name} -c ${container.name}${previous ? ' --previous' : ''}`,
    right: 'get pods/log',
  };
  return attempts.read(wanted, async () => {
    if (death) {
      const log = await readLogOfDeath(kube, { pod: dns, container, death }, signal);
      if (log === null) throw rotatedAway(dns.name);
      return log;
    }
    return kube.readLog({
      namespace: DNS_NAMESPACE,
      pod: dns.name,
      container: container.name,
      ...TAIL,
      signal,
    });
  });
}

const rotatedAway = (pod: string): KubeError =>
  new KubeError({
    code: 404,
    reason: 'NotFound',
    verb: 'get',
    what: `pods/log ${DNS_NAMESPACE}/${pod}`,
    message: 'the node no longer has a log of that container; wait for the next crash, and read it at once',
  });
