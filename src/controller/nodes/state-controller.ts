/** What is known of one node: reads its check, takes the proof of a repair for one, and writes record and condition. */
import type { NodeCheckRecord } from '../../api/node-check-record.ts';
import { type NodeCondition, statusOf } from '../../api/node-condition.ts';
import { writeNodeCheck } from '../../effects/node-condition.ts';
import { afterCheck, type KnownOfChecks, NOTHING_KNOWN } from '../../health/nodes/after-check.ts';
import { afterInspection } from '../../health/nodes/files.ts';
import { type Judgement, judge } from '../../health/nodes/judge.ts';
import type { KubeClient } from '../../kube/client.ts';
import type { AgentPod } from '../../observe/agent-run.ts';
import type { NodeFacts } from '../../observe/node-facts.ts';
import { isoTime } from '../../remediation/record/conditions.ts';
import { conditionOf } from '../../remediation/record/node-condition.ts';
import { driftFound, filesEvent } from '../../remediation/record/node-events.ts';
import type { Logger } from '../../runtime/logger.ts';
import type { Result } from '../../runtime/work-queue.ts';
import { coveringPolicy } from '../dns-pods/policies.ts';
import { endOfInspection } from '../files/inspection-start.ts';
import type { Narrator } from '../narrator.ts';
import type { Stores } from '../stores.ts';
import type { CheckPod, CheckPods } from './check-pods.ts';
import { endOf, LATE_MS } from './check-start.ts';
import { createOutdated, whyNotRepaired } from './circumstances.ts';
import type { KnownNodes } from './known-nodes.ts';
import type { KubeletStarts } from './kubelet-starts.ts';
import type { NodeMetrics } from './node-metrics.ts';
import type { NodeRecords } from './node-records.ts';
import { createPace } from './pace.ts';
import { withProof } from './proof-as-check.ts';
import type { Schedule } from './schedule.ts';

interface StateOptions {
  readonly kube: KubeClient;
  readonly stores: Pick<Stores, 'nodes' | 'policies' | 'remediations' | 'agentPods'>;
  readonly checkPods: CheckPods;
  readonly known: KnownNodes;
  readonly starts: Pick<KubeletStarts, 'of'>;
  readonly schedule: Pick<Schedule, 'get'>;
  readonly records: NodeRecords;
  readonly narrator: Pick<Narrator, 'announce'>;
  readonly nodeMetrics: NodeMetrics;
  readonly logger: Logger;
  readonly now: () => number;
}

/** Between writes without a check or an incident: a policy that goes may change what is said of thousands of nodes. */
export const WRITE_EVERY_MS = 2_000;

/** Returns the reconcile function. The key is a node's name. */
export function createNodeStateReconciler(options: StateOptions) {
  const { kube, stores, checkPods, known, starts, schedule, records, narrator, nodeMetrics, logger, now } =
    options;
  const outdated = createOutdated(now);
  const pace = createPace(WRITE_EVERY_MS, now);

  return async function reconcile(name: string, signal: AbortSignal): Promise<Result> {
    const node = stores.nodes.get(name);
    if (!node || node.deleting || !node.isLinux) {
      nodeMetrics.forget(name);
      outdated.forget(name);
      pace.forget(name);
      return { kind: 'done' };
    }
    const before = records.of(node);
    const policy = coveringPolicy(stores, name);
    const incidents = stores.remediations.list().filter(({ spec }) => spec.node.uid === node.uid);
    const pod = checkPods.of(node.uid);
    const isRecorded = (startedAt: number): boolean => records.covers(node, startedAt);
    const seen = known.get(name);
    const facts = seen?.uid === node.uid ? seen : undefined;

    const afterCheckPod =
      pod && !isRecorded(pod.createdAt) ? withCheck(before ?? NOTHING_KNOWN, pod) : (before ?? NOTHING_KNOWN);
    const inspection = stores.agentPods.list().find((one) => one.inspection?.node === node.uid);
    const afterPod = withInspection(afterCheckPod, inspection);
    const kubeletStartedAt = starts.of(name);
    const all = facts ? withProof(afterPod, incidents, { ...facts, kubeletStartedAt }, isRecorded) : afterPod;
    const isUncovered = policy === null && stores.policies.list().length > 0;
    const old = outdated.of(name, { known: all, before, policy, isUncovered, due: schedule.get(name) });
    const condition = conditionOf({
      ...all,
      incidents,
      notRepaired: whyNotRepaired(node, policy),
      outdated: old.because,
    });
    nodeMetrics.says(name, condition?.reason ?? null);

    const isInspected = all.files !== undefined && all.files.at !== before?.files?.at;
    const isChecked = all.check !== undefined && all.check.startedAt !== before?.check?.startedAt;
    const isLost = before !== null && facts !== undefined && facts.says !== said(before.condition);
    const isNews =
      condition?.reason !== before?.condition.reason || condition?.message !== before?.condition.message;
    if (!condition || !(isChecked || isInspected || isNews || isLost)) {
      pace.forget(name);
      return again(pod, old.afterMs);
    }
    const waitMs = isChecked || isInspected || incidents.length > 0 ? 0 : pace.leftMs(name);
    if (waitMs > 0) return again(pod, waitMs);

    const record = { ...all, condition: written(condition, before, facts) };
    const version = await writeNodeCheck(kube, { node, record }, signal);
    if (version === null) return { kind: 'done' };
    records.wrote(node, record, version);
    // It may have been looked at since.
    const latest = known.get(name);
    if (latest?.uid === node.uid) {
      const { since: saysSince } = record.condition;
      known.put({ ...latest, says: said(condition), saysSince });
    }
    if (isChecked) tell(name, record, before);
    if (isInspected) tellOfFiles(name, record.files, before?.files);
    return again(pod, old.afterMs);
  };

  function tell(name: string, { check, condition }: NodeCheckRecord, before: NodeCheckRecord | null): void {
    if (!check) return;
    const { why, outcome, problem } = check;
    nodeMetrics.checked(check);
    logger.info('node checked', { node: name, why, outcome, ...(problem && { problem }) });
    if (outcome === 'drifted' && before?.found?.verdict !== 'drifted')
      narrator.announce(driftFound(name, condition.message, coveringPolicy(stores, name)));
  }

  function tellOfFiles(
    name: string,
    files: NodeCheckRecord['files'],
    before: NodeCheckRecord['files'],
  ): void {
    if (!files) return;
    const { verdict, message } = files;
    logger.info('files inspected', { node: name, verdict });
    const event =
      verdict !== before?.verdict && filesEvent(name, verdict, message, coveringPolicy(stores, name));
    if (event) narrator.announce(event);
  }

  /** When its check is late, or what is said becomes outdated, whichever is first. */
  function again(pod: CheckPod | undefined, afterMs: number | null): Result {
    const lateMs = pod && endOf(pod, now()) === null ? Math.max(0, pod.seenAt + LATE_MS - now()) : null;
    const all = [afterMs, lateMs].filter((ms) => ms !== null);
    return all.length > 0 ? { kind: 'requeue', afterMs: Math.min(...all) } : { kind: 'done' };
  }

  /** With what the inspection has left, if that was not recorded before. */
  function withInspection(known: KnownOfChecks, pod: AgentPod | undefined): KnownOfChecks {
    if (!pod?.inspection || known.files?.nonce === pod.inspection.nonce) return known;
    const end = endOfInspection(pod, pod.inspection);
    const { nonce } = pod.inspection;
    return end
      ? { ...known, files: afterInspection(known.files, end, { at: isoTime(now()), nonce }) }
      : known;
  }

  /** With what the pod has left, if it has ended. */
  function withCheck(before: KnownOfChecks, pod: CheckPod): KnownOfChecks {
    const end = endOf(pod, now());
    if (!end) return before;
    const judgement: Judgement = end.kind === 'reported' ? judge(end.report) : { ...end };
    const { why, bootID, kubeletVersion, osImage, kubeletStartedAt } = pod.origin;
    const times = { startedAt: isoTime(pod.createdAt), endedAt: isoTime(now()) };
    return afterCheck(
      before,
      { ...times, why, bootID, kubeletVersion, osImage, kubeletStartedAt },
      judgement,
    );
  }

  function written(
    condition: NodeCondition,
    before: NodeCheckRecord | null,
    facts: NodeFacts | undefined,
  ): NodeCheckRecord['condition'] {
    const at = isoTime(now());
    const status = statusOf(condition.reason);
    // Where someone removed the record, the condition itself still has the time.
    const shown = facts?.says?.startsWith(`${status}/`) === true ? facts.saysSince : null;
    if (!before) return { ...condition, since: shown ?? at, writtenAt: at };
    const isSame = statusOf(before.condition.reason) === status;
    return { ...condition, since: isSame ? before.condition.since : at, writtenAt: at };
  }
}

/** As a look at the node shows it. */
const said = ({ reason }: Pick<NodeCondition, 'reason'>): string => `${statusOf(reason)}/${reason}`;
