/** Inspects the files of kubelets, one node at a time, where a policy asks for it that does more than observe; deletes the Jobs that were read. */
import { FINAL_PHASES } from '../../api/remediation.ts';
import { deleteJob } from '../../effects/node-job.ts';
import { isInspectionDue } from '../../health/nodes/files.ts';
import type { KubeClient } from '../../kube/client.ts';
import type { AgentJob } from '../../observe/agent-run.ts';
import type { Policy } from '../../observe/custom-resources.ts';
import type { NodeFacts } from '../../observe/node-facts.ts';
import { INSPECTION_MS } from '../../remediation/deadlines.ts';
import type { Logger } from '../../runtime/logger.ts';
import type { Result } from '../../runtime/work-queue.ts';
import { coveringPolicy } from '../dns-pods/policies.ts';
import type { KnownNodes } from '../nodes/known-nodes.ts';
import type { NodeRecords } from '../nodes/node-records.ts';
import type { Settings } from '../settings.ts';
import type { Stores } from '../stores.ts';
import { inspectionName, startInspectionOf } from './inspection-start.ts';

interface InspectionOptions {
  readonly kube: KubeClient;
  readonly stores: Pick<Stores, 'nodes' | 'policies' | 'jobs' | 'remediations'>;
  readonly settings: Pick<Settings, 'agentImage'>;
  readonly known: Pick<KnownNodes, 'get'>;
  readonly records: Pick<NodeRecords, 'of'>;
  readonly logger: Logger;
  readonly now: () => number;
}

/** The only key. */
export const INSPECTIONS = 'inspections';
/** A Job that was created is in the cache long before. */
const UNSEEN_MS = 10_000;
/** After this time its report was read, or there is none. */
const GIVEN_UP_MS = INSPECTION_MS + 30_000;
/** One that left nothing behind, for example because its image cannot be pulled, is tried again after this time. */
const RETRY_MS = 30 * 60_000;
const DONE: Result = { kind: 'done' };

export function createInspectionReconciler({
  kube,
  stores,
  settings,
  known,
  records,
  logger,
  now,
}: InspectionOptions) {
  /** By uid of the Job, by the operator's own clock: that of the API server may be another. */
  const seenAt = new Map<string, number>();
  /** By uid of the node, epoch milliseconds. */
  const triedAt = new Map<string, number>();

  return async function reconcile(_key: string, signal: AbortSignal): Promise<Result> {
    const jobs = stores.jobs.list().filter(({ inspection }) => inspection !== null);
    for (const { uid } of jobs) if (!seenAt.has(uid)) seenAt.set(uid, now());
    for (const uid of seenAt.keys()) if (!jobs.some((job) => job.uid === uid)) seenAt.delete(uid);
    for (const job of jobs) if (!job.deleting && isOver(job)) await deleteJob(kube, job.name, signal);

    if (!stores.policies.list().some(inspectsFiles)) return DONE;
    // Also one that is being deleted: its name may be that of the next one.
    if (jobs.length > 0) return { kind: 'requeue', afterMs: GIVEN_UP_MS };
    const unseenMs = Math.max(0, ...triedAt.values()) + UNSEEN_MS - now();
    if (unseenMs > 0) return { kind: 'requeue', afterMs: unseenMs };

    const uids = new Set(stores.nodes.list().map(({ uid }) => uid));
    for (const uid of triedAt.keys()) if (!uids.has(uid)) triedAt.delete(uid);
    const [next] = dueNodes().toSorted((a, b) => (a.name < b.name ? -1 : 1));
    const policy = next && coveringPolicy(stores, next.name);
    if (!next || !policy) return DONE;
    triedAt.set(next.uid, now());
    await startInspectionOf(kube, { facts: next, policy: policy.spec, image: settings.agentImage }, signal);
    logger.info('file inspection started', { node: next.name, job: inspectionName(next.uid) });
    return { kind: 'requeue', afterMs: UNSEEN_MS };
  };

  /** What it has shown is on its node, or never will be. */
  function isOver({ uid, inspection }: AgentJob): boolean {
    const node = stores.nodes.list().find((one) => one.uid === inspection?.node);
    if (!node || now() - (seenAt.get(uid) ?? now()) > GIVEN_UP_MS) return true;
    return records.of(node)?.files?.nonce === inspection?.nonce;
  }

  function dueNodes(): readonly NodeFacts[] {
    const busy = new Set(
      stores.remediations
        .list()
        .flatMap(({ spec, status }) => (FINAL_PHASES.includes(status.phase) ? [] : [spec.node.uid])),
    );
    return stores.nodes.list().flatMap((node) => {
      const facts = known.get(node.name);
      if (node.deleting || node.mark?.exclude === 'true' || busy.has(node.uid)) return [];
      if (facts?.uid !== node.uid || !facts.ready) return [];
      const policy = coveringPolicy(stores, node.name);
      if (!policy || !inspectsFiles(policy)) return [];
      const isTried = now() - (triedAt.get(node.uid) ?? 0) < RETRY_MS;
      return !isTried && isInspectionDue(records.of(node)) ? [facts] : [];
    });
  }
}

const inspectsFiles = ({ spec }: Policy): boolean =>
  spec.mode !== 'Observe' && spec.drift.alsoFiles !== 'Off';
