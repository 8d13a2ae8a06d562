/** Whose turn it is: starts the check of the node that is due first, within the budget, and removes the pods of those that were read. */
import { removeBatch } from '../../effects/check-pod.ts';
import { nextTurn } from '../../health/nodes/budget.ts';
import type { KubeClient } from '../../kube/client.ts';
import type { AgentPod } from '../../observe/agent-run.ts';
import { lookAtNode } from '../../observe/node-facts.ts';
import type { Logger } from '../../runtime/logger.ts';
import type { Result } from '../../runtime/work-queue.ts';
import type { Settings } from '../settings.ts';
import type { Stores } from '../stores.ts';
import type { Batches } from './batches.ts';
import { checkPolicy } from './check-policy.ts';
import { createCheckStarter, nodeCheckName } from './check-start.ts';
import type { KnownNodes } from './known-nodes.ts';
import type { KubeletStarts } from './kubelet-starts.ts';
import type { NodeRecords } from './node-records.ts';
import type { Schedule } from './schedule.ts';

interface TurnOptions {
  readonly kube: KubeClient;
  readonly stores: Pick<Stores, 'nodes' | 'policies' | 'agentPods'>;
  readonly settings: Pick<Settings, 'agentImage'>;
  readonly known: KnownNodes;
  readonly starts: KubeletStarts;
  readonly records: NodeRecords;
  readonly schedule: Schedule;
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
const DONE: Result = { kind: 'done' };

export function createTurnReconciler(options: TurnOptions) {
  const { kube, stores, settings, known, starts, records, schedule, batches, logger, now } = options;
  const start = createCheckStarter({ kube, image: settings.agentImage, now });
  let lastStartAt = 0;
  /** Until the cache shows their pods; by node, epoch milliseconds. */
  const justStarted = new Map<string, number>();

  return async function reconcile(_key: string, signal: AbortSignal): Promise<Result> {
    const pods = stores.agentPods.list().filter(({ origin }) => origin !== null);
    for (const batch of batches.finished(pods, isRead)) await removeBatch(kube, batch, signal);

    const policy = checkPolicy(stores.policies.list());
    if (!policy) return DONE;
    for (const [node, at] of justStarted)
      if (now() - at > UNSEEN_MS || pods.some((pod) => pod.node === node)) justStarted.delete(node);
    const busy = new Set([...justStarted.keys(), ...pods.map(({ node }) => node)]);
    const turn = nextTurn(
      schedule.candidates().filter(({ node }) => !busy.has(node)),
      {
        running: justStarted.size + pods.filter((pod) => !isRead(pod)).length,
        maxConcurrent: policy.spec.drift.maxConcurrent,
        lastStartAt,
        now: now(),
      },
    );
    if (turn.kind === 'wait')
      return {
        kind: 'requeue',
        afterMs: Math.min(
          turn.afterMs ?? LONGEST_REST_MS,
          batches.leftMs() ?? LONGEST_REST_MS,
          LONGEST_REST_MS,
        ),
      };

    const { node: name, why } = turn.candidate;
    // Only what happened to a node makes what is known of it doubtful; the look at all nodes is minutes old at most.
    const facts =
      why === 'Interval' || why === 'FirstSeen' ? known.get(name) : await lookAtNode(kube, name, signal);
    if (!facts) {
      known.forget(name);
      schedule.refresh(name);
      return { kind: 'requeue', afterMs: 0 };
    }
    known.put(facts);
    if (facts.ready) {
      lastStartAt = now();
      justStarted.set(name, lastStartAt);
      const kubeletStartedAt = starts.of(name);
      await start({ facts, why, kubeletStartedAt, policy: policy.spec, batch: batches.current() }, signal);
      logger.info('node check started', { node: name, why, check: nodeCheckName(facts.uid) });
    }
    // The pod is in the cache within milliseconds, and wakes this again.
    return { kind: 'requeue', afterMs: LONGEST_REST_MS };
  };

  /** What it has shown is on its node, or there is no such node any more. */
  function isRead({ node: name, origin, createdAt }: AgentPod): boolean {
    const node = stores.nodes.get(name);
    if (!node || node.uid !== origin?.node) return true;
    const check = records.of(node)?.check;
    return check !== undefined && Date.parse(check.startedAt) >= createdAt;
  }
}
