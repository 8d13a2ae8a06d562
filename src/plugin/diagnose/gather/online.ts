/** Gathers from a cluster what is needed to examine its DNS pods. Reads only, and creates nothing. */
import { DNS_NAMESPACE } from '../../../api/keys.ts';
import { examine } from '../../../diagnosis/examine.ts';
import { clusterDnsAddresses } from '../../../observe/cluster-dns.ts';
import { createOwnership } from '../../../observe/ownership.ts';
import type { Connection } from '../../cluster/connect.ts';
import type { ParsedPod } from '../case-pod.ts';
import { withDeclared } from '../declared-kubelet.ts';
import { warningOf, withNodeCheck } from '../from-node-check.ts';
import { withProber } from '../from-prober.ts';
import { withRecords } from '../from-records.ts';
import type { Gathered, GatheredPod, OperatorKnowledge } from '../gathered.ts';
import { podState } from '../pod-state.ts';
import { type Selection, select } from '../selection.ts';
import { siblingOf } from '../sibling.ts';
import { createAttempts } from './attempts.ts';
import { bounded } from './bounded.ts';
import { declaredKubelet } from './declared.ts';
import { dnsPods } from './dns-pods.ts';
import { createNodeReads } from './node-reads.ts';
import { operatorKnowledge } from './operator.ts';
import { askedServers, podEvents } from './pod-details.ts';
import { type Reads, readPod } from './read-pod.ts';

interface GatherOptions extends Selection {
  readonly signal: AbortSignal;
  /** Epoch milliseconds. */
  readonly now: number;
  /** Told what is being read, for users who wait. */
  readonly onProgress: (what: string) => void;
}

/**
 * @throws PluginError if there is no such pod, KubeError if not even the DNS pods can be listed
 */
export async function gather(connection: Connection, options: GatherOptions): Promise<Gathered> {
  const { signal, now, onProgress } = options;
  onProgress('the list of DNS pods');
  const all = await dnsPods(connection);
  const selected = select(all, ({ dns }) => dns, options);
  const { fresh, forbidden } = createAttempts(signal);
  const shared = fresh();
  onProgress('the Services, and what the operator knows');
  const [clusterDNS = [], operator, declared] = await Promise.all([
    shared.read(
      {
        what: 'the addresses of the cluster DNS Service',
        command: `kubectl -n ${DNS_NAMESPACE} get services`,
        right: `list services in ${DNS_NAMESPACE}`,
      },
      async () => clusterDnsAddresses(connection.kube, signal),
    ),
    operatorKnowledge(connection, shared, signal),
    declaredKubelet(connection, shared, signal),
  ]);
  const reads: Reads = {
    connection,
    attempts: () => {
      const own = fresh();
      own.add(shared.missing);
      return own;
    },
    nodes: createNodeReads(connection, fresh, signal),
    owners: createOwnership(connection.kube),
    clusterDNS,
    externalName: externalNameOf(operator),
    signal,
    now,
  };
  onProgress(`${selected.length} DNS pods, their logs and nodes`);
  const read = async (pod: ParsedPod): Promise<GatheredPod> =>
    withProber(withDeclared(await readPod(reads, pod), declared), operator, now);
  const pods = await bounded(selected, read);
  const sick = pods.filter(isSuspect);
  const others = await bounded(candidates(all, selected, sick), read);
  const well = [...pods, ...others].filter((pod) => !isSuspect(pod));
  const compared = new Set([...sick, ...sick.flatMap((pod) => siblingOf(pod, well) ?? [])]);
  onProgress(`the kubelets and the metrics of ${compared.size} DNS pods`);
  const deepened = new Map(
    await bounded([...compared], async (pod) => [pod, await deepen(reads, pod)] as const),
  );
  const deep = (pod: GatheredPod): GatheredPod =>
    withRecords(withNodeCheck(deepened.get(pod) ?? pod), operator);
  return {
    pods: pods.map(deep),
    others: others.map(deep),
    operator,
    forbidden: forbidden(),
    files: [],
  };
}

/** A pod that answers keeps the file it was given; what its node gives to the next one may be another. */
const isSuspect = (pod: GatheredPod): boolean =>
  podState(pod, examine(pod.facts)) !== 'well' || warningOf(pod) !== undefined;

const externalNameOf = (operator: OperatorKnowledge): string | undefined =>
  operator.kind === 'installed'
    ? operator.policies.map(({ spec }) => spec.verification.externalName).find((name) => name !== undefined)
    : undefined;

/** Healthy pods that are read to compare with, of each workload. */
const CANDIDATES = 3;

/** Pods that were not asked for, of the same workloads as those at fault: ready ones, on other nodes. */
function candidates(
  all: readonly ParsedPod[],
  selected: readonly ParsedPod[],
  sick: readonly GatheredPod[],
): readonly ParsedPod[] {
  const nodes = new Set(sick.map(({ facts }) => facts.pod?.node));
  const labels = new Set(sick.map(({ facts }) => facts.pod?.label));
  return [...labels].flatMap((label) =>
    all
      .filter(
        (pod) =>
          pod.dns.label === label && pod.dns.ready && !selected.includes(pod) && !nodes.has(pod.dns.node),
      )
      .slice(0, CANDIDATES),
  );
}

/** What is only worth its requests for a pod at fault, and for the one beside it. */
async function deepen(reads: Reads, pod: GatheredPod): Promise<GatheredPod> {
  const { connection, nodes, signal } = reads;
  const { name, node, container } = pod.facts.pod ?? { name: '' };
  const attempts = reads.attempts();
  const [events, servers, times] = await Promise.all([
    podEvents(connection, name, attempts),
    container?.state === 'running'
      ? askedServers(connection, name, pod.facts.corefile?.text, attempts, signal)
      : { notes: [] },
    node === undefined ? undefined : nodes.startTimes(node, attempts),
  ]);
  const kubeletStartedAt = times?.kubeletStartedAt;
  return {
    ...pod,
    facts: {
      ...pod.facts,
      ...(pod.facts.node && {
        node: { ...pod.facts.node, ...(kubeletStartedAt !== undefined && { kubeletStartedAt }) },
      }),
      ...('resolvConf' in servers && servers.resolvConf && { sandboxResolvConf: servers.resolvConf }),
    },
    ...(times && { times }),
    notes: [...pod.notes, ...events, ...servers.notes],
    missing: [...pod.missing, ...attempts.missing],
  };
}
