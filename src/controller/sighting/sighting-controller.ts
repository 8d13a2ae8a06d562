/** A container of a DNS pod died: finds out why, reports it, and claims the incident if it can be repaired. */
import { crashWithoutLog } from '../../diagnosis/crash.ts';
import type { Diagnosis, LoopDiagnosis } from '../../diagnosis/diagnose.ts';
import type { KubeClient } from '../../kube/client.ts';
import type { ContainerDeath } from '../../observe/dns-pod.ts';
import { gatherEvidence } from '../../observe/gather-evidence.ts';
import type { Ownership } from '../../observe/ownership.ts';
import { observationOf, sight, sightingOf } from '../../observe/sight.ts';
import { sightingEvent } from '../../remediation/record/events.ts';
import type { Logger } from '../../runtime/logger.ts';
import type { Result } from '../../runtime/work-queue.ts';
import { createClaimant, SETTLED } from '../claiming/claimant.ts';
import type { ClusterDns } from '../dns-pods/cluster-dns.ts';
import { watchDeaths } from '../dns-pods/death-times.ts';
import { policyFor } from '../dns-pods/policies.ts';
import { containerOf, podsOf } from '../dns-pods/workloads.ts';
import type { DomainMetrics } from '../domain-metrics.ts';
import type { Narrator } from '../narrator.ts';
import type { KubeletStarts } from '../nodes/kubelet-starts.ts';
import type { Settings } from '../settings.ts';
import type { Stores } from '../stores.ts';
import { createMissingLogs } from './missing-logs.ts';
import type { Seen, Sightings } from './sightings.ts';

interface SightingControllerOptions {
  readonly kube: KubeClient;
  readonly stores: Stores;
  readonly ownership: Ownership;
  readonly clusterDns: ClusterDns;
  readonly starts: Pick<KubeletStarts, 'of'>;
  readonly settings: Pick<Settings, 'agentImage'>;
  readonly sightings: Sightings;
  readonly narrator: Narrator;
  readonly metrics: DomainMetrics;
  readonly logger: Logger;
  readonly now: () => number;
}

const DONE: Result = { kind: 'done' };

/** Returns the reconcile function. The key is namespace/name of a DNS pod. */
export function createSightingReconciler(options: SightingControllerOptions) {
  const { kube, stores, ownership, settings, sightings, narrator, metrics, logger, now } = options;
  const deathTimes = watchDeaths(stores.dnsPods, now);
  const missingLogs = createMissingLogs(now);
  const claim = createClaimant(options);

  return async function reconcile(key: string, signal: AbortSignal): Promise<Result> {
    const cached = stores.dnsPods.get(key);
    sightings.keepOnly(key, cached?.uid);
    const watched = cached && (await policyFor(cached, stores, ownership, signal));
    if (!cached) missingLogs.forget(key);
    if (!watched) return DONE;
    const { pod, policy } = watched;
    const container = containerOf(pod);
    const death = container?.death;
    if (!container || !death || death.exitCode === 0) return DONE;

    const known = sightings.find(key, pod.uid, death.id);
    const isFinal = known !== null && isFinalDiagnosis(known, death);
    // Under another policy, for example one that was applied again, it is considered again.
    if (isFinal && known.isSettled && known.policyUID === policy.uid) return DONE;
    const clusterDNS = async () => options.clusterDns.addresses(signal);
    const found = isFinal
      ? known
      : await sight(kube, { pod, container, clusterDNS: await clusterDNS() }, signal);
    const missing = found ? null : missingLogs.note(key, death.id);
    const next: Result = missing ? { kind: 'requeue', afterMs: missing.askAgainAfterMs } : DONE;
    if (missing && !missing.isReported) return next;
    const { diagnosis, basis } = found ?? { diagnosis: crashWithoutLog(death), basis: null };

    const isNews = diagnosis.cause !== known?.diagnosis.cause;
    // Claimed before it is remembered: an operator that is killed in between claims again, and the create collides.
    const { isSettled, advice } = isRepairable(diagnosis)
      ? await claim(
          {
            node: pod.node,
            pod,
            policy,
            trigger: { trigger: 'Crash', sighting: sightingOf(pod, diagnosis.sighting, death, now()) },
            sawAt: deathTimes.sawAt(pod, death),
            isNews,
            gather: async (node) => {
              const dnsPods = await podsOf(policy.spec, stores.dnsPods.list(), ownership, signal);
              const operatorImage = settings.agentImage;
              return gatherEvidence(
                kube,
                { sick: { pod, container, basis }, node, dnsPods, operatorImage, now },
                signal,
              );
            },
          },
          signal,
        )
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
