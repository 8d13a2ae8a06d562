/** What is known of a DNS pod that runs and does not answer for external names, as `diagnosis/` reads it. */
import { DNS_NAMESPACE } from '../api/keys.ts';
import type { Case, CaseAnswer, CaseSibling } from '../diagnosis/case.ts';
import type { ProbedAnswer, Round } from '../health/round.ts';
import type { KubeClient } from '../kube/client.ts';
import { KubeError } from '../kube/errors.ts';
import { clusterDnsAddresses } from './cluster-dns.ts';
import type { DnsContainer } from './dns-pod.ts';
import type { OwnedPod } from './ownership.ts';
import { readCorefile } from './read-corefile.ts';

/** Queries that fail are logged one by one; the last ones show how. */
const TAIL = { tailLines: 200, limitBytes: 65_536 };

export interface Suspect {
  readonly pod: OwnedPod;
  readonly container: DnsContainer;
  readonly round: Round;
  /** Other pods of the workload, with their last round. */
  readonly siblings: readonly { readonly pod: string; readonly node: string; readonly round: Round }[];
}

/** @throws KubeError when the API cannot be reached */
export async function lateLoopCase(kube: KubeClient, suspect: Suspect, signal: AbortSignal): Promise<Case> {
  const { pod, container } = suspect;
  const [log, corefile, clusterDNS] = await Promise.all([
    logOf(kube, suspect, signal),
    readCorefile(kube, pod, signal),
    clusterDnsAddresses(kube, signal),
  ]);
  return {
    pod: {
      ...pod,
      startedAt: pod.startedAt ?? pod.createdAt,
      container: {
        name: container.name,
        image: container.image,
        restartCount: container.restartCount,
        // The death of an earlier container says nothing about this one.
        state: 'running',
        ...(container.runningSince !== null && { runningSince: container.runningSince }),
      },
    },
    ...(log !== null && { log }),
    ...(corefile.kind === 'found' && {
      corefile: { text: corefile.text, source: `ConfigMap ${DNS_NAMESPACE}/${corefile.configMap}` },
      configMap: corefile.configMap,
    }),
    clusterDNS,
    nodeLocalDNS: [],
    hostFiles: [],
    answers: suspect.round.answers.map(answerOf),
    siblings: suspect.siblings.map(
      ({ pod: name, node, round }): CaseSibling => ({
        pod: name,
        node,
        answers: round.answers.map(answerOf),
      }),
    ),
  };
}

/** Only further evidence: the answers count without it. */
async function logOf(
  kube: KubeClient,
  { pod, container }: Suspect,
  signal: AbortSignal,
): Promise<string | null> {
  const { name, namespace } = pod;
  try {
    return await kube.readLog({ namespace, pod: name, container: container.name, ...TAIL, signal });
  } catch (error) {
    if (error instanceof KubeError) return null;
    throw error;
  }
}

const answerOf = ({ answer }: ProbedAnswer): CaseAnswer => ({
  name: answer.name,
  scope: answer.scope ?? 'Cluster',
  protocol: answer.protocol === 'udp' ? 'UDP' : 'TCP',
  result: answer.result,
  ok: answer.ok,
  ms: answer.ms,
});
