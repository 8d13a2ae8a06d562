/** Whose turn it is: starts the check of the node that is due first, within the budget, and removes the pods of those that were read. */
import type { CheckReason } from '../../api/drift.ts';
import { removeBatch, removeCheck } from '../../effects/check-pod.ts';
import { firstOf, nextTurn, PACE_MS } from '../../health/nodes/budget.ts';
import type { KubeClient } from '../../kube/client.ts';
import { lookAtNode } from '../../observe/node-facts.ts';
import type { Logger } from '../../runtime/logger.ts';
import type { Result } from '../../runtime/work-queue.ts';
import type { ClusterDns } from '../dns-pods/cluster-dns.ts';
import { coveringPolicy } from '../dns-pods/policies.ts';
import type { Settings } from '../settings.ts';
import type { Stores } from '../stores.ts';
import type { Batches } from './batches.ts';
import type { CheckPod, CheckPods } from './check-pods.ts';
import { createCheckStarter, nodeCheckName } from './check-start.ts';
import type { KnownNodes } from './known-nodes.ts';
import type { KubeletStarts } from './kubelet-starts.ts';
import type { NodeRecords } from './node-records.ts';
import type { Schedule } from './schedule.ts';

interface TurnOptions {
  readonly kube: KubeClient;
  readonly clusterDns: ClusterDns;
  readonly stores: Pick<Stores, 'nodes' | 'policies'>;
  readonly settings: Pick<Settings, 'agentImage'>;
  readonly known: KnownNodes;
  readonly starts: KubeletStarts;
  readonly records: NodeRecords;
  readonly schedule: Schedule;
  readonly checkPods: CheckPods;
  readonly batches: Batches;
  readonly logger: Logger;
  readonly now: () => number;
}

/** The only key. */
export const TURN = 'turn';
/** What is due far in the future is looked at again by then, in case a clock was set. */
const LONGEST_REST_MS = 60_000;
/** A pod that was created is in the cache long before. */
const UNSEEN_MS = 10_000;
/**
 * What is known of a node is minutes old at most. For a node that was never checked that is enough, and a read for each
 * would be a third more requests. After a start of the kubelet, what the API server says of the node is outdated anyway,
 * and the pod itself shows whether the kubelet serves.
 */
const NEEDS_NO_LOOK: ReadonlySet<CheckReason> = new Set(['FirstSeen', 'KubeletStarted']);

/** Of a hundred nodes that are not Ready any more, each is read once, at this pace. */
const AFTER_LOOK_MS = 350;

export function createTurnReconciler(options: TurnOptions) {
  const {
    kube,
    clusterDns,
    stores,
    settings,
    known,
    starts,
    records,
    schedule,
    checkPods,
    batches,
    logger,
    now,
  } = options;
  const start = createCheckStarter({ kube, clusterDns, image: settings.agentImage, now });
  let lastStartAt = 0;
  /** Until the cache shows their pods; by node, epoch milliseconds. */
  const justStarted = new Map<string, number>();

  return async function reconcile(_key: string, signal: AbortSignal): Promise<Result> {
    for (const pod of checkPods.list()) if (pod.isGone && isRead(pod)) checkPods.forget(pod.origin.node);
    const pods = checkPods.list();
    const existing = pods.filter(({ isGone }) => !isGone);
    for (const batch of batches.finished(existing, isRead)) await removeBatch(kube, batch, signal);

    const policies = stores.policies.list();
    if (policies.length === 0) return rest(null);
    for (const [node, at] of justStarted)
      if (now() - at > UNSEEN_MS || pods.some((pod) => pod.node === node)) justStarted.delete(node);
    // A pod that was read waits for its batch. If its node is due, which an administrator can bring about by removing the
    // record, it is removed alone: the next one has the same name.
    const leftOver = new Map(pods.filter(isLeftOver).map((pod) => [pod.node, pod.name]));
    const ofPods = pods.map(({ node }) => node).filter((node) => !leftOver.has(node));
    const busy = new Set([...justStarted.keys(), ...ofPods]);
    const running = [
      ...justStarted.keys(),
      ...existing.filter((pod) => !isRead(pod)).map(({ node }) => node),
    ].map((node) => coveringPolicy(stores, node)?.uid);
    const candidates = schedule.candidates().filter(({ node }) => !busy.has(node));
    const turn = firstOf(
      policies.map(({ uid, spec }) =>
        nextTurn(
          candidates.filter(({ policy }) => policy === uid),
          {
            running: running.filter((one) => one === uid).length,
            maxConcurrent: spec.drift.maxConcurrent,
            lastStartAt,
            now: now(),
          },
        ),
      ),
    );
    if (turn.kind === 'wait') return rest(turn.afterMs);

    const { node: name } = turn.candidate;
    const before = leftOver.get(name);
    if (before !== undefined) {
      await removeCheck(kube, before, signal);
      return rest(PACE_MS);
    }
    const isKnown = NEEDS_NO_LOOK.has(turn.candidate.why);
    const facts = isKnown ? known.get(name) : await lookAtNode(kube, name, signal);
    if (facts) known.put(facts);
    else known.forget(name);
    schedule.refresh(name);
    // The look may have shown that the node is not due now: it is not Ready, or it is another one.
    const candidate = schedule.get(name);
    const policy = policies.find(({ uid }) => uid === candidate?.policy);
    if (!facts || !policy || candidate?.uid !== facts.uid || candidate.at > now())
      return rest(isKnown ? 0 : AFTER_LOOK_MS);

    const { why } = candidate;
    lastStartAt = now();
    justStarted.set(name, lastStartAt);
    const kubeletStartedAt = starts.of(name);
    await start({ facts, why, kubeletStartedAt, policy: policy.spec, batch: batches.current() }, signal);
    logger.info('node check started', { node: name, why, check: nodeCheckName(facts.uid) });
    return rest(PACE_MS);
  };

  /** @param afterMs null: only a change makes another check possible, and it wakes this */
  function rest(afterMs: number | null): Result {
    const longest = Math.min(batches.leftMs() ?? LONGEST_REST_MS, LONGEST_REST_MS);
    return { kind: 'requeue', afterMs: Math.max(0, Math.min(afterMs ?? longest, longest)) };
  }

  function isLeftOver(pod: CheckPod): boolean {
    return !pod.isGone && !pod.deleting && isRead(pod);
  }

  /** What it has shown is on its node, or there is no such node any more. */
  function isRead({ node: name, origin, createdAt }: CheckPod): boolean {
    const node = stores.nodes.get(name);
    return node?.uid !== origin.node || records.covers(node, createdAt);
  }
}
