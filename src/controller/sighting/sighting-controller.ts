/** A container of a DNS pod died: finds out why, reports it, and claims the incident if it can be repaired. */
import { createHash } from 'node:crypto';
import { crashWithoutLog } from '../../diagnosis/crash.ts';
import type { Diagnosis, LoopDiagnosis } from '../../diagnosis/diagnose.ts';
import { claimIncident } from '../../effects/claim-incident.ts';
import type { KubeClient } from '../../kube/client.ts';
import { clusterDnsAddresses } from '../../observe/cluster-dns.ts';
import type { Policy } from '../../observe/custom-resources.ts';
import type { ContainerDeath, DnsContainer, DnsPod } from '../../observe/dns-pod.ts';
import { gatherEvidence } from '../../observe/gather-evidence.ts';
import { observeNode } from '../../observe/node.ts';
import type { Ownership } from '../../observe/ownership.ts';
import { type Basis, observationOf, sight, sightingOf } from '../../observe/sight.ts';
import { decideClaim } from '../../remediation/claim/claim.ts';
import { sightingEvent } from '../../remediation/record/events.ts';
import type { Logger } from '../../runtime/logger.ts';
import type { Result } from '../../runtime/work-queue.ts';
import { watchDeaths } from '../dns-pods/death-times.ts';
import { containerOf, podsOf, policyInConflictWith } from '../dns-pods/workloads.ts';
import type { DomainMetrics } from '../domain-metrics.ts';
import type { Narrator } from '../narrator.ts';
import type { Settings } from '../settings.ts';
import type { Stores } from '../stores.ts';
import { createMissingLogs } from './missing-logs.ts';
import type { Seen, Sightings } from './sightings.ts';

interface SightingControllerOptions {
  readonly kube: KubeClient;
  readonly stores: Stores;
  readonly ownership: Ownership;
  readonly settings: Pick<Settings, 'agentImage'>;
  readonly sightings: Sightings;
  readonly narrator: Narrator;
  readonly metrics: DomainMetrics;
  readonly logger: Logger;
  readonly now: () => number;
}

interface Claim {
  readonly pod: DnsPod;
  readonly container: DnsContainer;
  readonly death: ContainerDeath;
  readonly diagnosis: LoopDiagnosis;
  readonly basis: Basis | null;
  readonly policy: Policy;
  /** The death was not known before with this cause. */
  readonly isNews: boolean;
}

interface ClaimOutcome {
  /** Nothing more follows from this death; otherwise it is considered again when something changes. */
  readonly isSettled: boolean;
  /** What the status of the policy advises, if this death is not repaired. */
  readonly advice?: string;
}

const SETTLED: ClaimOutcome = { isSettled: true };
const UNSETTLED: ClaimOutcome = { isSettled: false };
/** Ends of another incident, and acknowledgements, lift these. */
const PASSING: ReadonlySet<string> = new Set(['NodeHasIncident', 'NodeRolledBack']);
const DONE: Result = { kind: 'done' };

/** Returns the reconcile function. The key is namespace/name of a DNS pod. */
export function createSightingReconciler(options: SightingControllerOptions) {
  const { kube, stores, ownership, settings, sightings, narrator, metrics, logger, now } = options;
  const deathTimes = watchDeaths(stores.dnsPods, now);
  const missingLogs = createMissingLogs(now);

  return async function reconcile(key: string, signal: AbortSignal): Promise<Result> {
    const pod = stores.dnsPods.get(key);
    sightings.keepOnly(key, pod?.uid);
    const policy = pod && (await policyFor(pod, signal));
    if (!pod) missingLogs.forget(key);
    if (!pod || !policy) return DONE;
    const container = containerOf(pod, policy.spec.workload);
    const death = container?.death;
    if (!container || !death || death.exitCode === 0) return DONE;

    const known = sightings.find(key, pod.uid, death.id);
    const isFinal = known !== null && isFinalDiagnosis(known, death);
    // Under another policy, for example one that was applied again, it is considered again.
    if (isFinal && known.isSettled && known.policyUID === policy.uid) return DONE;
    const clusterDNS = async () => clusterDnsAddresses(kube, signal);
    const found = isFinal
      ? known
      : await sight(
          kube,
          { pod, container, workload: policy.spec.workload, clusterDNS: await clusterDNS() },
          signal,
        );
    const missing = found ? null : missingLogs.note(key, death.id);
    const next: Result = missing ? { kind: 'requeue', afterMs: missing.askAgainAfterMs } : DONE;
    if (missing && !missing.isReported) return next;
    const { diagnosis, basis } = found ?? { diagnosis: crashWithoutLog(death), basis: null };

    const isNews = diagnosis.cause !== known?.diagnosis.cause;
    // Claimed before it is remembered: an operator that is killed in between claims again, and the create collides.
    const { isSettled, advice } = isRepairable(diagnosis)
      ? await claim({ pod, container, death, diagnosis, basis, policy, isNews }, signal)
      : SETTLED;
    const observation = { ...observationOf(pod, diagnosis, death, policy), ...(advice ? { advice } : {}) };
    const { id: deathID, isCurrent: wasCurrent } = death;
    const seen = { podUID: pod.uid, deathID, wasCurrent, diagnosis, basis, isSettled, policyUID: policy.uid };
    sightings.remember(key, { ...seen, observation });
    if (!isNews) return next;

    const { cause, message: line } = observation;
    metrics.sighted(cause);
    logger.info('container death diagnosed', { pod: pod.name, node: pod.node, cause, line });
    narrator.announce(sightingEvent(diagnosis, observation, { policy, pod }));
    return next;
  };

  async function policyFor(pod: DnsPod, signal: AbortSignal): Promise<Policy | null> {
    const policies = stores.policies.list();
    for (const policy of policies) {
      if (policyInConflictWith(policy, policies) !== null) continue;
      if (await ownership.owns(policy.spec.workload, pod, signal)) return policy;
    }
    return null;
  }

  async function claim(
    { pod, container, death, diagnosis, basis, policy, isNews }: Claim,
    signal: AbortSignal,
  ): Promise<ClaimOutcome> {
    if (policy.spec.mode === 'Observe') return UNSETTLED;
    const node = await observeNode(kube, pod.node, signal);
    if (node === null || node.excluded) return UNSETTLED;
    const { name, uid } = node;
    const sighting = sightingOf(pod, diagnosis.sighting, death, now());
    const remediations = stores.remediations.list();
    const sawDeathAt = deathTimes.sawAt(pod, death);
    const request = { sighting, sawDeathAt, node: { name, uid }, remediations, digest, now: now() };
    const decision = decideClaim(request);
    if (decision.kind === 'skip') {
      if (isNews) logger.info('sighting ignored', { pod: pod.name, node: name, reason: decision.reason });
      const { reason, advice } = decision;
      return { isSettled: !PASSING.has(reason), ...(advice ? { advice } : {}) };
    }
    const { workload } = policy.spec;
    const dnsPods = await podsOf(workload, stores.dnsPods.list(), ownership, signal);
    const evidence = await gatherEvidence(
      kube,
      { pod, container, basis, node, dnsPods, workload, operatorImage: settings.agentImage, now },
      signal,
    );
    const spec = {
      policy: { name: policy.name, uid: policy.uid },
      node: { name, uid },
      cause: 'KubeletResolvConf' as const,
      trigger: 'Crash' as const,
      sighting,
      settings: policy.spec,
      evidence,
    };
    const claimed = await claimIncident(kube, { name: decision.name, spec }, signal);
    if (claimed === 'created')
      logger.info('incident claimed', { remediation: decision.name, pod: pod.name, node: name });
    return SETTLED;
  }
}

/**
 * The diagnosis cannot change any more. A log that was read while the death was the container's current state may
 * belong to a newer container; only as the last state it has an unambiguous name. A loop line is always reliable.
 */
function isFinalDiagnosis(known: Seen, death: ContainerDeath): boolean {
  if (known.diagnosis.cause === 'NoLog') return false;
  return known.diagnosis.kind === 'loop' || !known.wasCurrent || death.isCurrent;
}

const isRepairable = (diagnosis: Diagnosis): diagnosis is LoopDiagnosis =>
  diagnosis.kind === 'loop' && diagnosis.remedy.kind === 'repair';

const digest = (text: string): string => createHash('sha256').update(text).digest('hex');
