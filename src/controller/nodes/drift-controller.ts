/** From nodes that were found wrong to incidents: a few at a time, what is nearest to a failure first. */

import { DRIFT_PLACES, type Drift, type DriftPlace } from '../../api/drift.ts';
import type { NodeCheckRecord } from '../../api/node-check-record.ts';
import { FINAL_PHASES } from '../../api/remediation.ts';
import type { KubeClient } from '../../kube/client.ts';
import { gatherEvidence } from '../../observe/gather-evidence.ts';
import type { Ownership } from '../../observe/ownership.ts';
import type { WatchedNode } from '../../observe/watched-node.ts';
import type { Logger } from '../../runtime/logger.ts';
import type { Result } from '../../runtime/work-queue.ts';
import { createClaimant } from '../claiming/claimant.ts';
import { podsOf } from '../dns-pods/workloads.ts';
import type { Settings } from '../settings.ts';
import type { Stores } from '../stores.ts';
import { checkPolicy } from './check-policy.ts';
import type { KnownNodes } from './known-nodes.ts';
import type { NodeRecords } from './node-records.ts';
import type { Wanted } from './wanted.ts';

interface DriftOptions {
  readonly kube: KubeClient;
  readonly stores: Stores;
  readonly ownership: Ownership;
  readonly settings: Pick<Settings, 'agentImage'>;
  readonly known: KnownNodes;
  readonly records: NodeRecords;
  readonly wanted: Wanted;
  readonly logger: Logger;
  readonly now: () => number;
}

/** The only key. */
export const DRIFTS = 'drifts';
/** Each record holds 16 KiB of evidence, and a bad image may make thousands of nodes drift at once. */
const MAX_OPEN = 20;
/** A claim takes a moment, and evidence that is older than ten minutes is not accepted. */
const FRESH_MS = 9 * 60_000;

interface Found {
  readonly node: WatchedNode;
  readonly record: NodeCheckRecord;
  readonly found: NonNullable<NodeCheckRecord['found']>;
  readonly place: DriftPlace;
}

export function createDriftReconciler(options: DriftOptions) {
  const { kube, stores, ownership, settings, known, records, wanted, now } = options;
  const claim = createClaimant(options);

  return async function reconcile(_key: string, signal: AbortSignal): Promise<Result> {
    const policy = checkPolicy(stores.policies.list());
    const open = stores.remediations.list().filter(({ status }) => !FINAL_PHASES.includes(status.phase));
    const free = MAX_OPEN - open.filter(({ spec }) => spec.trigger === 'Drift').length;
    const busy = new Set(open.map(({ spec }) => spec.node.uid));
    if (policy?.spec.mode !== 'Repair' || free <= 0) {
      wanted.set([]);
      return { kind: 'done' };
    }
    const line = found()
      .filter(({ node }) => !busy.has(node.uid) && node.mark?.exclude !== 'true')
      .toSorted(byTurn);

    let claimed = 0;
    const stale: string[] = [];
    for (const one of line) {
      if (claimed + stale.length >= free) break;
      const at = Date.parse(one.found.at);
      if (now() - at > FRESH_MS) {
        stale.push(one.node.name);
        continue;
      }
      const { name } = one.node;
      const { workload } = policy.spec;
      const outcome = await claim(
        {
          node: name,
          policy,
          trigger: { trigger: 'Drift', drift: driftOf(one) },
          sawAt: at,
          isNews: true,
          gather: async (node) => {
            const dnsPods = await podsOf(workload, stores.dnsPods.list(), ownership, signal);
            const incident = { sick: null, node, dnsPods, workload, now };
            return gatherEvidence(kube, { ...incident, operatorImage: settings.agentImage }, signal);
          },
        },
        signal,
      );
      if (outcome.claimed) claimed += 1;
    }
    wanted.set(stale);
    return { kind: 'done' };
  };

  function found(): readonly Found[] {
    return stores.nodes.keys().flatMap((name) => {
      const node = stores.nodes.get(name);
      // Parsed only where it is worth it: of thousands of nodes, few are wrong.
      if (!node?.checks?.includes('"drifted"') || node.deleting) return [];
      const record = records.of(node);
      if (record?.found?.verdict !== 'drifted') return [];
      return [{ node, record, found: record.found, place: placeOf(node) }];
    });
  }

  function placeOf({ name, uid, isLinux }: WatchedNode): DriftPlace {
    if (stores.dnsPods.list().some((pod) => pod.node === name)) return 'HostsDNSPods';
    const facts = known.get(name);
    return isLinux && facts?.uid === uid && facts.takesDNSPods ? 'MayHostDNSPods' : 'TakesNoDNSPods';
  }
}

const byTurn = (a: Found, b: Found): number =>
  DRIFT_PLACES.indexOf(a.place) - DRIFT_PLACES.indexOf(b.place) ||
  Date.parse(a.found.at) - Date.parse(b.found.at) ||
  (a.node.name < b.node.name ? -1 : 1);

function driftOf({ node, record, found, place }: Found): Drift {
  const { check, provenAt } = record;
  const servers = found.nameservers.join(', ');
  return {
    kind: 'Kubelet',
    check: {
      resolvConf: { path: '/etc/resolv.conf', class: found.class, nameservers: [...found.nameservers] },
      message: `A new pod on node ${node.name} is given ${servers} (class ${found.class}), which leads back to CoreDNS itself.`,
      checkedAt: found.at,
    },
    why: check?.why ?? 'FirstSeen',
    ...(check?.kubeletStartedAt !== undefined && { kubeletStartedAt: check.kubeletStartedAt }),
    ...(provenAt !== undefined && { provenAt }),
    place,
    foundAt: found.at,
  };
}
