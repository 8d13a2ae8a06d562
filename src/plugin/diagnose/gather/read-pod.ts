/** Reads everything about one DNS pod that does not depend on the others. */
import { DNS_NAMESPACE } from '../../../api/keys.ts';
import type { Case } from '../../../diagnosis/case.ts';
import type { Owners, Ownership } from '../../../observe/ownership.ts';
import { type CorefileSource, readCorefile } from '../../../observe/read-corefile.ts';
import type { Connection } from '../../cluster/connect.ts';
import type { ParsedPod } from '../case-pod.ts';
import { corefileFacts } from '../corefile-facts.ts';
import type { GatheredPod } from '../gathered.ts';
import { resolvConfOf } from '../kubelet-facts.ts';
import { currentDeath } from '../pod-death.ts';
import { askPod } from './ask-pod.ts';
import type { Attempts, AttemptsOf } from './attempts.ts';
import type { NodeReads } from './node-reads.ts';
import { readPodLog } from './pod-log.ts';

/** What is known of the cluster, and how to read it. */
export interface Reads {
  readonly connection: Connection;
  readonly attempts: AttemptsOf['fresh'];
  readonly nodes: NodeReads;
  readonly owners: Ownership & Owners;
  readonly clusterDNS: readonly string[];
  /** The external name to ask for; undefined for a random one. */
  readonly externalName: string | undefined;
  readonly signal: AbortSignal;
  /** Epoch milliseconds. */
  readonly now: number;
}

/** A container that has only just been started again may end before it answers. */
const SETTLED_MS = 30_000;

export async function readPod(reads: Reads, pod: ParsedPod): Promise<GatheredPod> {
  const { connection, nodes, clusterDNS, signal, now } = reads;
  const { dns, facts, stuck } = pod;
  const attempts = reads.attempts();
  const death = currentDeath(pod, now);
  const [source, workload, log, node, configz] = await Promise.all([
    corefileOf(reads, pod, attempts),
    workloadOf(reads, pod, attempts),
    readPodLog(connection, pod, death, attempts, signal),
    dns.node === '' ? undefined : nodes.node(dns.node, attempts),
    dns.node === '' ? undefined : nodes.configz(dns.node, attempts),
  ]);
  const corefile = source?.kind === 'found' ? source : undefined;
  const answers = await answersOf(reads, pod, corefile?.text, attempts);
  const { death: _history, ...container } = facts.container ?? {
    name: '',
    restartCount: 0,
    state: 'waiting',
  };
  const kubeletDNS = configz?.['clusterDNS'];
  const found: Case = {
    pod: {
      ...facts,
      ...(workload && { workload }),
      ...(facts.container && { container: { ...container, ...(death && { death }) } }),
    },
    ...(log !== undefined && { log }),
    ...(corefile && {
      corefile: { text: corefile.text, source: `ConfigMap ${DNS_NAMESPACE}/${corefile.configMap}` },
      configMap: corefile.configMap,
    }),
    clusterDNS,
    nodeLocalDNS: (Array.isArray(kubeletDNS) ? kubeletDNS.map(String) : []).filter(
      (address) => !clusterDNS.includes(address),
    ),
    ...(node && { node: node.facts }),
    hostFiles: [],
    ...(configz && {
      kubelet: { running: { value: resolvConfOf(configz), source: `configz of ${dns.node}` } },
    }),
    ...(answers && { answers }),
    siblings: [],
  };
  return {
    facts: found,
    ...(node && { node }),
    ...(configz && { configz }),
    ...(stuck !== undefined && { stuck }),
    notes: [],
    missing: attempts.missing,
  };
}

async function corefileOf(
  { connection, signal }: Reads,
  { dns }: ParsedPod,
  attempts: Attempts,
): Promise<CorefileSource | undefined> {
  const [name = 'coredns'] = dns.configMaps;
  const wanted = {
    what: `the Corefile of ${dns.name}`,
    command: `kubectl -n ${DNS_NAMESPACE} get configmap ${name} -o yaml`,
    right: `get configmaps in ${DNS_NAMESPACE}`,
  };
  const source = await attempts.read(wanted, async () => readCorefile(connection.kube, dns, signal));
  if (source?.kind === 'forbidden')
    attempts.add([
      {
        ...wanted,
        why: `You have no permission to get configmaps ${source.configMaps.join(', ')} in ${DNS_NAMESPACE}.`,
      },
    ]);
  return source;
}

async function workloadOf(
  { owners, signal }: Reads,
  { dns }: ParsedPod,
  attempts: Attempts,
): Promise<{ readonly kind: string; readonly name: string } | undefined> {
  const workload = await attempts.read(
    {
      what: `the workload of ${dns.name}`,
      command: `kubectl -n ${DNS_NAMESPACE} describe pod ${dns.name}`,
      right: `get replicasets.apps in ${DNS_NAMESPACE}`,
    },
    async () => owners.workloadOf(dns, signal),
  );
  return workload ?? undefined;
}

/** Undefined if it cannot be asked. */
async function answersOf(
  { connection, externalName, signal, now }: Reads,
  { dns, container }: ParsedPod,
  corefile: string | undefined,
  attempts: Attempts,
): Promise<Case['answers']> {
  const since = container?.runningSince;
  if (since == null || (container?.death && now - since < SETTLED_MS)) return undefined;
  const { clusterDomain, dnsPort } = corefileFacts(corefile);
  const wanted = {
    what: `what ${dns.name} answers`,
    command: `kubectl -n ${DNS_NAMESPACE} port-forward pod/${dns.name} 5353:${dnsPort}  # then: dig +tcp @127.0.0.1 -p 5353 example.com`,
    right: `create and get pods/portforward in ${DNS_NAMESPACE}`,
  };
  if (dns.hostNetwork) {
    // In the host network the port may be another program's, such as a dnsmasq of the node.
    attempts.add([
      { ...wanted, why: 'It runs in the host network, where a forwarded port may reach another program.' },
    ]);
    return undefined;
  }
  return attempts.read(wanted, async () =>
    askPod(
      connection,
      { namespace: dns.namespace, pod: dns.name, port: dnsPort },
      {
        cluster: `kubernetes.default.svc.${clusterDomain}`,
        ...(externalName === undefined ? {} : { external: externalName }),
      },
      signal,
    ),
  );
}
