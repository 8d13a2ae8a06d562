/** What is known of one node: reads its check, takes the proof of a repair for one, and writes record and condition. */
import type { NodeCheckRecord } from '../../api/node-check-record.ts';
import { type NodeCondition, statusOf } from '../../api/node-condition.ts';
import { writeNodeCheck } from '../../effects/node-condition.ts';
import { afterCheck, type KnownOfChecks, NOTHING_KNOWN } from '../../health/nodes/after-check.ts';
import { type Judgement, judge } from '../../health/nodes/judge.ts';
import type { KubeClient } from '../../kube/client.ts';
import type { AgentPod } from '../../observe/agent-run.ts';
import type { WatchedNode } from '../../observe/watched-node.ts';
import { isoTime } from '../../remediation/record/conditions.ts';
import { driftFound } from '../../remediation/record/events.ts';
import { conditionOf } from '../../remediation/record/node-condition.ts';
import type { Logger } from '../../runtime/logger.ts';
import type { Result } from '../../runtime/work-queue.ts';
import type { Narrator } from '../narrator.ts';
import type { Stores } from '../stores.ts';
import { checkPolicy } from './check-policy.ts';
import { CHECK_MS, type CheckEnd, endOf } from './check-start.ts';
import type { NodeRecords } from './node-records.ts';
import { withProof } from './proof-as-check.ts';

interface StateOptions {
  readonly kube: KubeClient;
  readonly stores: Pick<Stores, 'nodes' | 'policies' | 'agentPods' | 'remediations'>;
  readonly records: NodeRecords;
  readonly narrator: Pick<Narrator, 'announce'>;
  readonly logger: Logger;
  readonly now: () => number;
}

/** Returns the reconcile function. The key is a node's name. */
export function createNodeStateReconciler({ kube, stores, records, narrator, logger, now }: StateOptions) {
  return async function reconcile(name: string, signal: AbortSignal): Promise<Result> {
    const node = stores.nodes.get(name);
    if (!node || node.deleting) return { kind: 'done' };
    const before = records.of(node);
    const incidents = stores.remediations.list().filter(({ spec }) => spec.node.uid === node.uid);
    const pod = stores.agentPods.list().find(({ origin }) => origin?.node === node.uid);

    const known = withProof(withCheck(before ?? NOTHING_KNOWN, pod), incidents);
    const condition = conditionOf({
      ...known,
      incidents,
      notRepaired: whyNotRepaired(node),
      outdated: whyOutdated(known, before),
    });
    if (condition && isNews(known, condition, before)) {
      const record = { ...known, condition: written(condition, before) };
      await writeNodeCheck(kube, { node: { name, uid: node.uid }, record }, signal);
      records.wrote({ name, uid: node.uid }, record);
      if (known.check && known.check.startedAt !== before?.check?.startedAt) {
        const { why, outcome, problem } = known.check;
        logger.info('node checked', { node: name, why, outcome, ...(problem && { problem }) });
        if (outcome === 'drifted' && before?.found?.verdict !== 'drifted')
          narrator.announce(driftFound(name, condition.message, checkPolicy(stores.policies.list())));
      }
    }
    const isRunning = pod !== undefined && endOfCheck(pod) === null;
    return isRunning
      ? { kind: 'requeue', afterMs: Math.max(0, pod.createdAt + CHECK_MS - now()) }
      : { kind: 'done' };
  };

  function endOfCheck(pod: AgentPod): CheckEnd | null {
    return pod.origin && endOf(pod, pod.origin, now());
  }

  /** With what the pod has left, if that was not recorded before. */
  function withCheck(known: KnownOfChecks, pod: AgentPod | undefined): KnownOfChecks {
    if (!pod?.origin || Date.parse(known.check?.startedAt ?? '') >= pod.createdAt) return known;
    const end = endOfCheck(pod);
    if (!end) return known;
    const judgement: Judgement = end.kind === 'reported' ? judge(end.report) : { ...end };
    const { why, bootID, kubeletVersion, osImage, kubeletStartedAt } = pod.origin;
    const times = { startedAt: isoTime(pod.createdAt), endedAt: isoTime(now()) };
    return afterCheck(known, { ...times, why, bootID, kubeletVersion, osImage, kubeletStartedAt }, judgement);
  }

  /** Why nobody repairs this node, as a sentence; null if the policy does. */
  function whyNotRepaired({ mark }: WatchedNode): string | null {
    if (mark?.exclude === 'true')
      return 'The node is excluded from repairs by the label dnshealth.io/exclude.';
    const policy = checkPolicy(stores.policies.list());
    if (!policy) return 'There is no DNSHealthPolicy under which it would be repaired.';
    return policy.spec.mode === 'Observe'
      ? `DNSHealthPolicy ${policy.name} only observes (mode: Observe).`
      : null;
  }

  /** What was said before does not hold any more, and nothing else is known. */
  function whyOutdated({ found, check }: KnownOfChecks, before: NodeCheckRecord | null): string | null {
    if (found) return null;
    if (check?.outcome === 'failed')
      return `The last check of this node failed and is tried again: ${check.problem ?? 'no reason is recorded.'}`;
    return before ? 'This node has not been checked yet.' : null;
  }

  function isNews(known: KnownOfChecks, condition: NodeCondition, before: NodeCheckRecord | null): boolean {
    const said = before?.condition;
    return (
      known.check?.startedAt !== before?.check?.startedAt ||
      condition.reason !== said?.reason ||
      condition.message !== said.message
    );
  }

  function written(condition: NodeCondition, before: NodeCheckRecord | null): NodeCheckRecord['condition'] {
    const at = isoTime(now());
    const said = before?.condition;
    const isSame = said !== undefined && statusOf(said.reason) === statusOf(condition.reason);
    return { ...condition, since: isSame ? said.since : at, writtenAt: at };
  }
}
