/** Gathers the evidence of an incident when it is claimed: what its page shows of the time before the change. */
import * as z from 'zod';
import { type Evidence, MAX_EVIDENCE_BYTES } from '../api/evidence.ts';
import { DNS_NAMESPACE } from '../api/keys.ts';
import type { Case } from '../diagnosis/case.ts';
import { examine } from '../diagnosis/examine.ts';
import type { KubeClient } from '../kube/client.ts';
import { KubeError } from '../kube/errors.ts';
import { isoTime } from '../remediation/record/conditions.ts';
import { serves } from '../remediation/verification/serving.ts';
import type { NodeView } from '../remediation/world.ts';
import type { DnsContainer } from './dns-pod.ts';
import { observeNode } from './node.ts';
import { usesNodeDNS } from './other-pods.ts';
import type { OwnedPod } from './ownership.ts';
import type { Basis } from './sight.ts';

/** Of pods that are listed by name. */
const MAX_PODS = 20;

interface SickPod {
  readonly pod: OwnedPod;
  readonly container: DnsContainer;
  /** What the diagnosis was made from; null if there was no log. */
  readonly basis: Basis | null;
}

interface Incident {
  /** The DNS pod that showed the incident; null for a drift. */
  readonly sick: SickPod | null;
  readonly node: NodeView;
  /** All pods that the workloads of the policy own. */
  readonly dnsPods: readonly OwnedPod[];
  readonly operatorImage: string;
  readonly now: () => number;
}

/** What cannot be read is left out: an incident does not wait for its evidence. */
export async function gatherEvidence(
  kube: KubeClient,
  incident: Incident,
  signal: AbortSignal,
): Promise<Evidence> {
  const { sick, node, operatorImage, now } = incident;
  const basis = sick?.basis;
  const [sibling, podsWithNodeDNS] = await Promise.all([
    unlessUnreadable(siblingOf(kube, incident, signal)),
    unlessUnreadable(podsWithNodeDNSOf(kube, incident, signal)),
  ]);
  const examination = sick && basis && examinationOf(incident, sick, basis);
  return withinLimit({
    takenAt: isoTime(now()),
    log: [...(basis?.log ?? [])],
    ...(basis?.corefile && { corefile: basis.corefile }),
    ...(sick && { pod: podOf(sick) }),
    node: node.system,
    operatorImage,
    dnsPods: others(incident).slice(0, MAX_PODS).map(dnsPodOf),
    ...(sibling && { sibling }),
    ...(podsWithNodeDNS && { podsWithNodeDNS }),
    ...(examination && { examination }),
  });
}

async function unlessUnreadable<T>(reading: Promise<T>): Promise<T | undefined> {
  try {
    return await reading;
  } catch (error) {
    if (error instanceof KubeError) return undefined;
    throw error;
  }
}

const podOf = ({ pod, container }: SickPod): Evidence['pod'] => ({
  ips: [...pod.ips],
  image: container.image,
  dnsPolicy: pod.dnsPolicy,
  createdAt: isoTime(pod.createdAt),
  restartCount: container.restartCount,
});

const others = ({ sick, dnsPods }: Incident): readonly OwnedPod[] =>
  dnsPods.filter(({ uid }) => uid !== sick?.pod.uid);

const runningSince = ({ containers, workload }: OwnedPod): number | null =>
  containers.find(({ name }) => name === workload.container)?.runningSince ?? null;

function dnsPodOf(pod: OwnedPod): Evidence['dnsPods'][number] {
  const since = runningSince(pod);
  const { name, node, ready } = pod;
  return { name, node, ready, ...(since !== null && { since: isoTime(since) }) };
}

/** The one that has served for the longest time, on another node: its configuration works. */
async function siblingOf(
  kube: KubeClient,
  incident: Incident,
  signal: AbortSignal,
): Promise<Evidence['sibling']> {
  const now = incident.now();
  const [oldest] = others(incident)
    .filter(({ node }) => node !== incident.node.name)
    .flatMap((pod) => {
      const since = runningSince(pod);
      const isServing = serves({ ...pod, runningSince: since, upSince: since, answers: null }, now);
      return since !== null && isServing ? [{ pod, since }] : [];
    })
    .toSorted((a, b) => a.since - b.since);
  if (!oldest) return undefined;
  const { name, node } = oldest.pod;
  const view = await observeNode(kube, node, signal);
  return view ? { pod: name, node, since: isoTime(oldest.since), ...view.system } : undefined;
}

const podListSchema = z.object({
  items: z.array(
    z.object({
      metadata: z.object({ name: z.string() }),
      spec: z.object({ dnsPolicy: z.string().nullish(), hostNetwork: z.boolean().nullish() }),
    }),
  ),
});

async function podsWithNodeDNSOf(
  kube: KubeClient,
  { sick, node }: Incident,
  signal: AbortSignal,
): Promise<string[]> {
  const { items } = podListSchema.parse(
    await kube.raw.request({
      method: 'GET',
      path: `/api/v1/namespaces/${DNS_NAMESPACE}/pods`,
      query: { fieldSelector: `spec.nodeName=${node.name}` },
      signal,
    }),
  );
  return items
    .filter(({ metadata }) => metadata.name !== sick?.pod.name)
    .filter(({ spec }) => usesNodeDNS(spec))
    .map(({ metadata }) => metadata.name)
    .slice(0, MAX_PODS);
}

function examinationOf(incident: Incident, sick: SickPod, basis: Basis): Evidence['examination'] {
  const { findings, ruledOut } = examine(caseOf(incident, sick, basis));
  const finding = findings.find(({ cause }) => cause === 'KubeletResolvConf') ?? findings[0];
  if (!finding) return undefined;
  const { confidence, summary, evidence } = finding;
  return { confidence, summary, because: [...evidence], ruledOut: [...ruledOut] };
}

/** Without the side of the node: only the agent sees that, after the claim. */
function caseOf(
  { dnsPods }: Incident,
  { pod, container }: SickPod,
  { log, corefile, clusterDNS, asked }: Basis,
): Case {
  return {
    pod: {
      ...pod,
      startedAt: pod.startedAt ?? pod.createdAt,
      container: {
        name: container.name,
        image: container.image,
        restartCount: container.restartCount,
        state: container.death?.isCurrent ? 'terminated' : 'running',
        ...(container.death && { death: container.death }),
      },
    },
    log: log.join('\n'),
    ...(corefile && {
      corefile: { text: corefile.text, source: `ConfigMap ${DNS_NAMESPACE}/${corefile.configMap}` },
      configMap: corefile.configMap,
    }),
    clusterDNS,
    nodeLocalDNS: [],
    hostFiles: [],
    siblings: dnsPods
      .filter(({ uid, ready }) => uid !== pod.uid && ready)
      .map(({ name, node }) => ({ pod: name, node })),
    ...asked,
  };
}

/** The last thing that is dropped is what the diagnosis says; the log is cut from its beginning. */
function withinLimit(evidence: Evidence): Evidence {
  const size = (part: unknown): number => Buffer.byteLength(JSON.stringify(part));
  let kept = evidence;
  while (size(kept) > MAX_EVIDENCE_BYTES && kept.log.length > 1) kept = { ...kept, log: kept.log.slice(1) };
  if (size(kept) <= MAX_EVIDENCE_BYTES) return kept;
  const { corefile: _corefile, podsWithNodeDNS: _pods, ...rest } = kept;
  if (size(rest) <= MAX_EVIDENCE_BYTES) return rest;
  const { examination: _examination, ...bare } = rest;
  return { ...bare, dnsPods: [] };
}
