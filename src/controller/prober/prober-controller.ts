/** The prober: asks the DNS pods of each policy and the cluster DNS Service, one after the other, slowly and for ever. */
import { PROBER_OFF } from '../../api/policy.ts';
import { askDns } from '../../effects/dns-probe.ts';
import { answers } from '../../health/pod-health.ts';
import { intervalMs, nextDueAt, paceMs, whoIsNext } from '../../health/schedule.ts';
import { isInDoubt } from '../../health/series.ts';
import type { Policy } from '../../observe/custom-resources.ts';
import type { Ownership } from '../../observe/ownership.ts';
import { shadowedBy } from '../../remediation/scope/overlaps.ts';
import type { Result } from '../../runtime/work-queue.ts';
import type { KubernetesService } from '../dns-pods/kubernetes-service.ts';
import { watchedUnder } from '../dns-pods/policies.ts';
import { watchUpTimes } from '../dns-pods/up-times.ts';
import { podsOf } from '../dns-pods/workloads.ts';
import type { Stores } from '../stores.ts';
import type { DnsServices } from './dns-services.ts';
import type { PodHealths } from './pod-healths.ts';
import type { ProberMetrics } from './prober-metrics.ts';
import type { Probes } from './probes.ts';
import { type ProbeTarget, podTargets, serviceTargets } from './targets.ts';

interface ProberOptions {
  readonly stores: Stores;
  readonly ownership: Ownership;
  readonly kubernetesService: KubernetesService;
  readonly dnsServices: DnsServices;
  readonly probes: Probes;
  readonly healths: PodHealths;
  readonly proberMetrics: ProberMetrics;
  readonly now: () => number;
  readonly random: () => number;
  /** @default askDns */
  readonly ask?: typeof askDns;
}

/** An upstream that answers after this is of no use to most clients either. */
const ANSWER_TIMEOUT_MS = 2_000;
const DONE: Result = { kind: 'done' };

/** Returns the reconcile function. The key is the policy's name. One round at a time, of all policies together. */
export function createProberReconciler(options: ProberOptions) {
  const { stores, ownership, probes, healths, proberMetrics, now, random, ask = askDns } = options;
  const upTimes = watchUpTimes(stores.dnsPods, now);
  /** When the next round may start, epoch milliseconds. */
  let nextStart = 0;
  const asked = new Map<string, string>();

  return async function reconcile(name: string, signal: AbortSignal): Promise<Result> {
    const policy = stores.policies.get(name);
    if (
      !policy ||
      policy.spec.prober.intervalSeconds === PROBER_OFF ||
      shadowedBy(policy, stores.policies.list()) !== null
    ) {
      forget(name);
      return DONE;
    }
    asked.set(name, policy.uid);
    const owned = await podsOf(policy.spec, stores.dnsPods.list(), ownership, signal);
    // Each pod is asked under one policy.
    const pods = watchedUnder(policy, owned, stores);
    const clusterAddresses = await options.kubernetesService.addresses(signal);
    const sources = { probes, healths, upTimes, now: now() };
    // The pods of a node-local cache have no Service of their own.
    const services = pods.every(({ hostNetwork }) => hostNetwork)
      ? []
      : serviceTargets(policy, await options.dnsServices.addresses(signal), sources);
    const targets = [...podTargets(pods, sources), ...services];
    probes.keepOnly(policy.uid, new Set(targets.map(({ key }) => key)));

    const next = whoIsNext(targets);
    if (!next) return DONE;
    const waitMs = Math.max(next.dueAt, nextStart) - now();
    if (waitMs > 0) return { kind: 'requeue', afterMs: waitMs };
    await askTarget(next, { policy, clusterAddresses, targets: targets.length }, signal);
    const known = healths(pods);
    proberMetrics.counted(name, { total: pods.length, answering: known.filter(answers).length });
    return { kind: 'requeue', afterMs: Math.max(1, nextStart - now()) };
  };

  async function askTarget(
    target: ProbeTarget,
    { policy, clusterAddresses, targets }: RoundOf,
    signal: AbortSignal,
  ): Promise<void> {
    const { verification, prober } = policy.spec;
    const at = now();
    const answered = await ask(
      {
        address: target.address,
        clusterName: `kubernetes.default.svc.${verification.clusterDomain}`,
        clusterAddresses,
        // Never asked for before, so that no cache on the way can answer it.
        externalName: verification.externalName ?? `p${at.toString(36)}-${target.tag}.invalid`,
        answerTimeoutMs: ANSWER_TIMEOUT_MS,
      },
      signal,
    );
    // Cut off at the end of the process: the answers that are missing are not the target's fault.
    signal.throwIfAborted();
    nextStart = at + paceMs(answered.length);
    proberMetrics.asked(target.kind, answered);
    if (answered.some(({ answer, failure }) => answer.scope === 'Cluster' && failure === 'WrongAnswer'))
      options.kubernetesService.doubt();
    const everyMs = intervalMs({
      intervalSeconds: prober.intervalSeconds,
      targets,
      questions: answered.length,
    });
    const of = { policyUID: policy.uid, subject: target.subject, intervalMs: everyMs };
    probes.record(target.key, { at, answers: answered }, of, (series) =>
      nextDueAt({ at, isInDoubt: isInDoubt(series) }, everyMs, random()),
    );
  }

  function forget(name: string): void {
    const uid = asked.get(name);
    if (uid === undefined) return;
    asked.delete(name);
    probes.keepOnly(uid, new Set());
    proberMetrics.forget(name);
  }
}

interface RoundOf {
  readonly policy: Policy;
  readonly clusterAddresses: readonly string[];
  /** How many there are under this policy. */
  readonly targets: number;
}
