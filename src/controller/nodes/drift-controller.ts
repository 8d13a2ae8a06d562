/** From nodes that were found wrong to incidents, or to one more check where what was found is too old to act on. */
import type { Drift, DriftPlace } from '../../api/drift.ts';
import type { NodeCheckRecord } from '../../api/node-check-record.ts';
import { pendingDrift } from '../../health/nodes/files.ts';
import type { KubeClient } from '../../kube/client.ts';
import type { Policy } from '../../observe/custom-resources.ts';
import { gatherEvidence } from '../../observe/gather-evidence.ts';
import type { Ownership } from '../../observe/ownership.ts';
import type { WatchedNode } from '../../observe/watched-node.ts';
import type { NodeNow } from '../../remediation/claim/claim.ts';
import { nextDrifts, type WrongNode } from '../../remediation/claim/next-drifts.ts';
import type { Logger } from '../../runtime/logger.ts';
import type { Result } from '../../runtime/work-queue.ts';
import { createClaimant } from '../claiming/claimant.ts';
import { coveringPolicy } from '../dns-pods/policies.ts';
import { podsOf } from '../dns-pods/workloads.ts';
import type { Settings } from '../settings.ts';
import type { Stores } from '../stores.ts';
import type { KnownNodes } from './known-nodes.ts';
import type { KubeletStarts } from './kubelet-starts.ts';
import type { NodeRecords } from './node-records.ts';
import type { Wanted } from './wanted.ts';

interface DriftOptions {
  readonly kube: KubeClient;
  readonly stores: Pick<Stores, 'policies' | 'remediations' | 'nodes' | 'dnsPods'>;
  readonly ownership: Ownership;
  readonly settings: Pick<Settings, 'agentImage'>;
  readonly known: Pick<KnownNodes, 'get'>;
  readonly starts: Pick<KubeletStarts, 'of'>;
  readonly records: Pick<NodeRecords, 'of'>;
  readonly wanted: Pick<Wanted, 'set'>;
  readonly logger: Logger;
  readonly now: () => number;
}

/** The only key. */
export const DRIFTS = 'drifts';
/** What kept a node from being claimed is normally seen as a change of it; this is for what is not. */
const RETRY_MS = 60_000;

export function createDriftReconciler(options: DriftOptions) {
  const { kube, stores, ownership, settings, known, starts, records, wanted, now } = options;
  const claim = createClaimant(options);

  return async function reconcile(_key: string, signal: AbortSignal): Promise<Result> {
    const policies = stores.policies.list();
    const isActedOn = policies.some(acts);
    const wrong = (): readonly WrongNode[] => [
      ...wrongNodes(),
      ...(policies.some(correctsFiles) ? wrongFiles() : []),
    ];
    const next = isActedOn ? nextDrifts(wrong, stores.remediations.list(), now()) : NONE;
    wanted.set(next.checkedAgain.map(({ node }) => node.name));
    let isMissing = false;
    for (const one of next.claimed) {
      const policy = coveringPolicy(stores, one.node.name);
      if (policy) isMissing = !(await claimed(one, policy, signal)) || isMissing;
    }
    return isMissing ? { kind: 'requeue', afterMs: RETRY_MS } : { kind: 'done' };
  };

  async function claimed({ node, drift }: WrongNode, policy: Policy, signal: AbortSignal): Promise<boolean> {
    const outcome = await claim(
      {
        node: node.name,
        policy,
        trigger: { trigger: 'Drift', drift },
        sawAt: Date.parse(drift.foundAt),
        isNews: true,
        gather: async (view) => {
          const dnsPods = await podsOf(policy.spec, stores.dnsPods.list(), ownership, signal);
          const incident = { sick: null, node: view, dnsPods, now };
          return gatherEvidence(kube, { ...incident, operatorImage: settings.agentImage }, signal);
        },
      },
      signal,
    );
    return outcome.claimed;
  }

  /** Of those that can be repaired. One that is not Ready, or whose last check failed, is checked first, as that passes. */
  function wrongNodes(): readonly WrongNode[] {
    const hosts = new Set(stores.dnsPods.list().map((pod) => pod.node));
    return stores.nodes.keys().flatMap((name) => {
      const node = stores.nodes.get(name);
      // Parsed only where it is worth it: of thousands of nodes, few are wrong.
      if (!node?.checks?.includes('"drifted"') || node.deleting || node.mark?.exclude === 'true') return [];
      const facts = known.get(name);
      if (facts?.uid === node.uid && !facts.ready) return [];
      const record = records.of(node);
      if (record?.found?.verdict !== 'drifted' || record.check?.outcome === 'failed') return [];
      const policy = coveringPolicy(stores, name);
      if (!policy || !acts(policy)) return [];
      const drift = driftOf(name, record, record.found, placeOf(node, hosts));
      return [{ node, nodeNow: nowOf(node), mode: policy.spec.mode, drift }];
    });
  }

  /** Of nodes whose running kubelet is right. */
  function wrongFiles(): readonly WrongNode[] {
    const hosts = new Set(stores.dnsPods.list().map((pod) => pod.node));
    return stores.nodes.keys().flatMap((name) => {
      const node = stores.nodes.get(name);
      if (!node?.checks?.includes('"wrong-in-file"') || node.deleting || node.mark?.exclude === 'true')
        return [];
      const policy = coveringPolicy(stores, name);
      if (!policy || !correctsFiles(policy)) return [];
      const record = records.of(node);
      const drift = record?.found?.verdict === 'proven' ? pendingDrift(record, placeOf(node, hosts)) : null;
      return drift ? [{ node, nodeNow: nowOf(node), mode: policy.spec.mode, drift }] : [];
    });
  }

  function nowOf({ name, uid }: WatchedNode): NodeNow {
    const facts = known.get(name);
    return {
      bootID: facts?.uid === uid ? facts.bootID : null,
      kubeletStartedAt: starts.of(name),
    };
  }

  function placeOf({ name, uid, isLinux }: WatchedNode, hosts: ReadonlySet<string>): DriftPlace {
    if (hosts.has(name)) return 'HostsDNSPods';
    const facts = known.get(name);
    return isLinux && facts?.uid === uid && facts.takesDNSPods ? 'MayHostDNSPods' : 'TakesNoDNSPods';
  }
}

const acts = ({ spec }: Policy): boolean => spec.mode !== 'Observe';
const correctsFiles = (policy: Policy): boolean => acts(policy) && policy.spec.drift.alsoFiles === 'Repair';

const NONE = { claimed: [], checkedAgain: [] };

function driftOf(
  node: string,
  { check, provenAt }: NodeCheckRecord,
  found: NonNullable<NodeCheckRecord['found']>,
  place: DriftPlace,
): Drift {
  const servers = found.nameservers.join(', ');
  return {
    kind: 'Kubelet',
    check: {
      resolvConf: { path: '/etc/resolv.conf', class: found.class, nameservers: [...found.nameservers] },
      message: `A new pod on node ${node} is given ${servers} (class ${found.class}), which leads back to CoreDNS itself.`,
      checkedAt: found.at,
    },
    why: check?.why ?? 'FirstSeen',
    ...(check?.kubeletStartedAt !== undefined && { kubeletStartedAt: check.kubeletStartedAt }),
    ...(provenAt !== undefined && { provenAt }),
    place,
    foundAt: found.at,
  };
}
