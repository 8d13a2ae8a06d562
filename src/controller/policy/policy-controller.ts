/** Keeps the status of a policy up to date: what `kubectl get dnshealth` shows. Writes nothing else. */
import { API_VERSION } from '../../api/keys.ts';
import { isSameWorkload, workloadsOf } from '../../api/policy/scope.ts';
import type { KubeClient } from '../../kube/client.ts';
import { nullIfNotFound } from '../../kube/errors.ts';
import { type InvalidPolicy, invalidPolicy, parsePolicy } from '../../observe/custom-resources.ts';
import type { Owners, Workload } from '../../observe/ownership.ts';
import { nextEndOfPause } from '../../remediation/maintenance/pauses.ts';
import { conditionsOfInvalidSpec } from '../../remediation/policy/conditions.ts';
import { HEARTBEAT_MS, policyStatus } from '../../remediation/policy/policy-status.ts';
import { breakerOf } from '../../remediation/rollout/breaker.ts';
import { overlapsOf, shadowedBy } from '../../remediation/scope/overlaps.ts';
import type { Result } from '../../runtime/work-queue.ts';
import { watchedUnder } from '../dns-pods/policies.ts';
import { watchUpTimes } from '../dns-pods/up-times.ts';
import { containerOf, namedIn, otherContainers, podsByWorkload } from '../dns-pods/workloads.ts';
import type { Narrator } from '../narrator.ts';
import { ownRemediations } from '../own-remediations.ts';
import type { LateLoops } from '../prober/late-loops.ts';
import { type PodHealths, viewsOf } from '../prober/pod-healths.ts';
import type { Probes } from '../prober/probes.ts';
import type { Sightings } from '../sighting/sightings.ts';
import { pauseOfAll, type Stores } from '../stores.ts';
import { AFTER_CONFLICT, writeStatus } from '../write-status.ts';
import { askedFacts } from './asked-facts.ts';
import type { NodeTable } from './node-table.ts';

interface PolicyControllerOptions {
  readonly kube: KubeClient;
  readonly stores: Stores;
  readonly ownership: Owners;
  readonly sightings: Sightings;
  readonly probes: Probes;
  readonly lateLoops: Pick<LateLoops, 'observationsFor'>;
  readonly healths: PodHealths;
  readonly nodeTable: Pick<NodeTable, 'get' | 'isKnown'>;
  readonly narrator: Pick<Narrator, 'policyTransition'>;
  readonly now: () => number;
}

/** A looping CoreDNS may run, and even be Ready, for a second; the plugin's own check ends after thirty. */
const LOOP_FORGOTTEN_AFTER_MS = 35_000;
/** "Looping" ends after some time, without a watch event. */
const RECOUNT_MS = 15_000;
/** A timer cannot be set to more than 24 days, and a pause or an open breaker may last longer. */
const LONGEST_REST_MS = 60 * 60_000;
/** Shortest time between two statuses: in a mass outage hundreds of changes a second concern the policy. */
const PACE_MS = 500;

/** Returns the reconcile function. The key is the policy's name. */
export function createPolicyReconciler(options: PolicyControllerOptions) {
  const { kube, stores, ownership, sightings, now } = options;
  const api = kube.customResource<object>(API_VERSION, 'dnshealthpolicies');
  const upTimes = watchUpTimes(stores.dnsPods, now);

  /** When each policy was last read, epoch milliseconds. */
  const readAt = new Map<string, number>();

  return async function reconcile(name: string, signal: AbortSignal): Promise<Result> {
    const restMs = (readAt.get(name) ?? Number.NEGATIVE_INFINITY) + PACE_MS - now();
    if (restMs > 0) return { kind: 'requeue', afterMs: restMs };
    readAt.set(name, now());
    const raw = await nullIfNotFound(api.get(name, signal));
    if (raw === null) {
      readAt.delete(name);
      return { kind: 'done' };
    }
    const invalid = invalidPolicy(raw);
    if (invalid) return sayInvalid(name, raw, invalid, signal);
    const policy = parsePolicy(raw);
    const workloads = workloadsOf(policy.spec);
    const found = await podsByWorkload(stores, ownership, signal);
    const isWatched = (one: Workload) => workloads.some((own) => isSameWorkload(one, own));
    const named = namedIn(found, policy.spec);
    const pods = watchedUnder(policy, named, stores);
    const looped = sightings.loopedPods();
    const looping = pods.filter((pod) => {
      const container = containerOf(pod);
      const since = container ? upTimes.upSince(pod, container) : null;
      return looped.has(pod.uid) && (since === null || now() - since < LOOP_FORGOTTEN_AFTER_MS);
    });
    const policies = stores.policies.list();
    const remediations = ownRemediations(policy, stores);
    const own = new Set(remediations.map((one) => one.name));
    const next = policyStatus({
      policy: { generation: policy.generation, ...policy.spec },
      workload: policy.spec.workload,
      previous: policy.status,
      conflictsWith: shadowedBy(policy, policies),
      workloads: found.map((one) => ({
        kind: one.kind,
        name: one.name,
        labels: [...new Set(one.pods.map(({ label }) => label))].toSorted(),
        pods: one.pods.length,
        watched: isWatched(one),
      })),
      otherContainers: workloads.flatMap((own) =>
        otherContainers(
          named.filter((pod) => isSameWorkload(pod.workload, own)),
          own,
        ),
      ),
      dnsPods: viewsOf(pods, { upTimes, healths: options.healths }),
      loopingPods: looping.map((pod) => pod.name),
      quarantinedNodes: stores.nodeMarks
        .list()
        .flatMap(({ name, record }) => (record && own.has(record.remediation) ? [name] : [])),
      remediations,
      pauseOfAll: pauseOfAll(stores),
      observations: [
        ...sightings.observationsFor(policy.uid),
        ...options.lateLoops.observationsFor(policy.uid),
      ],
      asked: askedFacts(policy, pods, options),
      nodes: options.nodeTable.get(policy.uid) ?? (options.nodeTable.isKnown() ? 'none' : 'unknown'),
      overlaps: overlapsOf(policy, policies, () => stores.nodes.list().filter(({ isLinux }) => isLinux)),
      now: now(),
    });
    const written = await writeStatus(api, name, { raw, before: policy.status, after: next }, signal);
    if (written.kind === 'overtaken') return AFTER_CONFLICT;
    if (written.kind === 'written') options.narrator.policyTransition(policy, next);
    const breaker = breakerOf(remediations, null, policy.spec, now());
    const ends = [nextEndOfPause(policy.spec.pause, now()), breaker.closesAt];
    const rechecks = [
      ...(looping.length > 0 ? [RECOUNT_MS] : []),
      ...(next.prober ? [HEARTBEAT_MS] : []),
      ...ends.flatMap((end) => (end === null ? [] : [Math.min(end - now(), LONGEST_REST_MS)])),
    ];
    return rechecks.length === 0 ? { kind: 'done' } : { kind: 'requeue', afterMs: Math.min(...rechecks) };
  };

  /** Nothing else of it is known any more: what was shown before stays. */
  async function sayInvalid(
    name: string,
    raw: object,
    { generation, status, problem }: InvalidPolicy,
    signal: AbortSignal,
  ): Promise<Result> {
    const conditions = conditionsOfInvalidSpec(status, problem, { generation, now: now() });
    const change = { raw, before: status, after: { ...status, observedGeneration: generation, conditions } };
    const written = await writeStatus(api, name, change, signal);
    return written.kind === 'overtaken' ? AFTER_CONFLICT : { kind: 'done' };
  }
}
