/** Reads what one decision needs: the remediation and its node live, everything else from the caches. */
import { API_VERSION } from '../../api/keys.ts';
import type { StepName } from '../../api/remediation.ts';
import type { KubeClient } from '../../kube/client.ts';
import { type AgentJob, type AgentPod, runOfJob } from '../../observe/agent-run.ts';
import { type Policy, parseRemediations } from '../../observe/custom-resources.ts';
import { liveAgentRuns, liveDnsPods } from '../../observe/live-look.ts';
import { observeNode } from '../../observe/node.ts';
import { anotherNodeTakesPods } from '../../observe/other-nodes.ts';
import type { OwnedPod, Ownership } from '../../observe/ownership.ts';
import { GUARD_WATCH_MS } from '../../remediation/deadlines.ts';
import { changeStep } from '../../remediation/facts.ts';
import type { Labels } from '../../remediation/scope/node-selector.ts';
import type { AgentRun, Remediation, World } from '../../remediation/world.ts';
import { olderPolicyFor, policyOf } from '../dns-pods/policies.ts';
import { slotsNow } from '../dns-pods/slots-now.ts';
import type { UpTimes } from '../dns-pods/up-times.ts';
import { podsOf } from '../dns-pods/workloads.ts';
import type { EligibleNodes } from '../nodes/eligible-nodes.ts';
import type { KubeletStarts } from '../nodes/kubelet-starts.ts';
import { type PodHealths, viewsOf } from '../prober/pod-healths.ts';
import { pauseOfAll, type Stores } from '../stores.ts';

/** Longer than a repair or a proof usually takes. */
const LIVE_LOOK_AFTER_MS = 10_000;

interface WorldSources {
  readonly kube: KubeClient;
  readonly stores: Stores;
  readonly upTimes: UpTimes;
  readonly ownership: Ownership;
  readonly healths: PodHealths;
  readonly eligible: EligibleNodes;
  readonly starts: Pick<KubeletStarts, 'of'>;
  readonly agentImage: string;
}

export async function readWorld(
  { kube, stores, ownership, upTimes, healths, eligible, starts, agentImage }: WorldSources,
  remediation: Remediation,
  now: number,
  signal: AbortSignal,
): Promise<World> {
  const [node, pods] = await Promise.all([
    observeNode(kube, remediation.spec.node.name, signal),
    dnsPodsOf({ kube, stores, ownership }, remediation, now, signal),
  ]);
  const cached = runsOf(remediation, { jobs: stores.jobs.list(), pods: stores.agentPods.list() });
  const runs = isOverdue(remediation, cached, now)
    ? runsOf(remediation, await liveAgentRuns(kube, remediation.name, signal))
    : cached;
  const others = stores.remediations.list().filter((other) => other.uid !== remediation.uid);
  const isCordonedBefore = node?.unschedulable === true && remediation.status.quarantine === undefined;
  return {
    // The node may have been replaced by another one of the same name.
    node: node?.uid === remediation.spec.node.uid ? node : null,
    olderPolicy: olderPolicyOf(remediation, stores.policies.list(), node?.labels ?? null),
    ...runs,
    otherNodeTakesPods: !isCordonedBefore || (await anotherNodeTakesPods(kube, node.name, signal)),
    kubeletStartedAt: starts.of(remediation.spec.node.name),
    agentImage,
    dnsPods: viewsOf(pods, { upTimes, healths }),
    remediations: [...others, remediation],
    slots: slotsNow([...others, remediation], stores, eligible),
    pauseOfAll: pauseOfAll(stores),
  };
}

/** By the labels that the node has now. */
function olderPolicyOf(
  remediation: Remediation,
  policies: readonly Policy[],
  labels: Labels | null,
): string | null {
  const policy = policyOf(remediation, policies, labels);
  const { trigger, workload, settings } = remediation.spec;
  const showedIt =
    trigger === 'Crash' || trigger === 'LateLoop' ? (workload ?? settings.workload) : undefined;
  return policy && olderPolicyFor(policy, showedIt, policies, labels);
}

/** The replacement of a DNS pod runs within seconds; later the cache is not trusted to know of it. */
async function dnsPodsOf(
  { kube, stores, ownership }: Pick<WorldSources, 'kube' | 'stores' | 'ownership'>,
  remediation: Remediation,
  now: number,
  signal: AbortSignal,
): Promise<readonly OwnedPod[]> {
  const isLong = unfinishedFor(remediation, 'Verify', now) > LIVE_LOOK_AFTER_MS;
  const pods = isLong ? await liveDnsPods(kube, signal) : stores.dnsPods.list();
  return podsOf(remediation.spec.settings, pods, ownership, signal);
}

type Runs = Pick<World, 'repairJob' | 'inspection' | 'proofPod'>;

function runsOf(
  remediation: Remediation,
  { jobs, pods }: { readonly jobs: readonly AgentJob[]; readonly pods: readonly AgentPod[] },
): Runs {
  const ours = pods.filter((pod) => pod.remediation === remediation.name);
  // By uid: the Job of a deleted remediation of the same name exists until it is garbage-collected.
  const own = jobs.filter(
    (candidate) =>
      candidate.remediation === remediation.name && candidate.ownerUIDs.includes(remediation.uid),
  );
  const runWith = (...roles: readonly string[]): AgentRun | null => {
    const job = own.find((candidate) => roles.includes(candidate.role));
    // By uid: a pod that only carries our labels was not created by our Job.
    return job ? runOfJob(job, ours.find((pod) => pod.ownerUIDs.includes(job.uid)) ?? null) : null;
  };
  // Not the proof pod of a release before this one, which ran in the other namespace with the role `prove`: it ends by
  // itself and is deleted with its record, and a check of our own follows.
  const proofPod = ours.find((pod) => pod.role === 'check' && pod.ownerUIDs.includes(remediation.uid));
  return {
    repairJob: runWith('repair', 'rollback'),
    inspection: runWith('inspect'),
    proofPod: proofPod ?? null,
  };
}

/** It was started a while ago, and no cache shows its end: either it takes long, or a watch is silent. */
function isOverdue(
  remediation: Remediation,
  { repairJob, inspection, proofPod }: Runs,
  now: number,
): boolean {
  const runsFor = (name: StepName) => unfinishedFor(remediation, name, now);
  return (
    (runsFor(changeStep(remediation)) > LIVE_LOOK_AFTER_MS && repairJob?.state !== 'ended') ||
    (runsFor('Inspect') > LIVE_LOOK_AFTER_MS && inspection?.state !== 'ended') ||
    (runsFor('Prove') > LIVE_LOOK_AFTER_MS && proofPod?.state !== 'ended') ||
    (runsFor('Guard') > GUARD_WATCH_MS + LIVE_LOOK_AFTER_MS && repairJob?.guard?.state !== 'ended')
  );
}

/** How long ago a step began that is not finished; 0 for any other. */
function unfinishedFor({ status }: Remediation, name: StepName, now: number): number {
  const step = status.steps.find((one) => one.name === name && one.finishedAt === undefined);
  return step ? now - Date.parse(step.startedAt) : 0;
}

/**
 * The same with the other remediations as they are now. The cache may not show yet that one of them was admitted: by this
 * operator a moment ago, or by the one that led before.
 */
export async function withLiveRemediations(
  kube: KubeClient,
  world: World,
  remediation: Remediation,
  signal: AbortSignal,
): Promise<World> {
  const all = parseRemediations(await kube.customResource(API_VERSION, 'dnsremediations').list(signal));
  return { ...world, remediations: [...all.filter(({ uid }) => uid !== remediation.uid), remediation] };
}
