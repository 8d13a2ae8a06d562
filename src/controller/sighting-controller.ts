/** A DNS pod's container died: find out why, say so, and claim the incident where it can be repaired. */
import { createHash } from 'node:crypto';
import { API_VERSION } from '../api/keys.ts';
import type { Observation } from '../api/policy.ts';
import type { Sighting } from '../api/remediation.ts';
import type { Diagnosis } from '../diagnosis/diagnose.ts';
import type { KubeClient } from '../kube/client.ts';
import { isAlreadyExists } from '../kube/errors.ts';
import { clusterDnsAddresses } from '../observe/cluster-dns.ts';
import type { Policy } from '../observe/custom-resources.ts';
import type { DnsContainer, DnsPod } from '../observe/dns-pod.ts';
import { observeNode } from '../observe/node.ts';
import type { Ownership } from '../observe/ownership.ts';
import { sight } from '../observe/sight.ts';
import { decideClaim } from '../remediation/claim.ts';
import { isoTime } from '../remediation/conditions.ts';
import type { Logger } from '../runtime/logger.ts';
import type { Result } from '../runtime/work-queue.ts';
import type { DomainMetrics } from './domain-metrics.ts';
import type { Narrator } from './narrator.ts';
import type { Sightings } from './sightings.ts';
import type { Stores } from './stores.ts';
import { containerOf, policyInConflictWith } from './workloads.ts';

export interface SightingControllerOptions {
  readonly kube: KubeClient;
  readonly stores: Stores;
  readonly ownership: Ownership;
  readonly sightings: Sightings;
  readonly narrator: Narrator;
  readonly metrics: DomainMetrics;
  /** The policy's status has to be counted anew. */
  readonly policyChanged: (name: string) => void;
  readonly logger: Logger;
  readonly now: () => number;
}

interface Claim {
  readonly pod: DnsPod;
  readonly container: DnsContainer;
  readonly diagnosis: Extract<Diagnosis, { kind: 'loop' }>;
  readonly policy: Policy;
  /** Seen for the first time: a repeated look says nothing new. */
  readonly isNews: boolean;
}

const DONE: Result = { kind: 'done' };
/** The runtime refuses a log for a moment around a restart. */
const LOG_RETRY_MS = 300;

/** Returns the reconcile function. The key is namespace/name of a DNS pod. */
export function createSightingReconciler(options: SightingControllerOptions) {
  const { kube, stores, ownership, sightings, logger, now } = options;

  return async function reconcile(key: string, signal: AbortSignal): Promise<Result> {
    const pod = stores.dnsPods.get(key);
    sightings.keepOnly(key, pod?.uid);
    const policy = pod && (await policyFor(pod, signal));
    if (!pod || !policy) return DONE;
    options.policyChanged(policy.name);

    const container = containerOf(pod, policy.spec.workload);
    const death = container?.death;
    if (!container || !death || death.exitCode === 0) return DONE;
    const known = sightings.find(key, pod.uid, death.id);
    // As the last state its log has a name of its own, and cannot be mistaken for that of a newer container.
    const doubtful = known?.wasCurrent === true && !death.isCurrent && known.diagnosis.kind !== 'loop';
    if (known?.isSettled && !doubtful) return DONE;
    const diagnosis = known && !doubtful ? known.diagnosis : await look(pod, container, signal);
    if (!diagnosis) return { kind: 'requeue', afterMs: LOG_RETRY_MS };

    const isNews = diagnosis.cause !== known?.diagnosis.cause;
    // Claimed before it is remembered: an operator killed in between claims again, and collides.
    const isSettled =
      diagnosis.kind !== 'loop' ||
      diagnosis.remedy.kind !== 'repair' ||
      (await claim({ pod, container, diagnosis, policy, isNews }, signal));
    const observation = observationOf(pod, diagnosis, death.finishedAt);
    const { id: deathID, isCurrent: wasCurrent } = death;
    sightings.remember(key, {
      podUID: pod.uid,
      deathID,
      wasCurrent,
      diagnosis,
      isSettled,
      policyUID: policy.uid,
      observation,
    });
    if (isNews) tell(pod, policy, diagnosis, observation);
    options.policyChanged(policy.name);
    return DONE;
  };

  async function look(pod: DnsPod, container: DnsContainer, signal: AbortSignal): Promise<Diagnosis | null> {
    const clusterDNS = await clusterDnsAddresses(kube, signal);
    return sight(kube, { pod, container, clusterDNS }, signal);
  }

  async function policyFor(pod: DnsPod, signal: AbortSignal): Promise<Policy | null> {
    const policies = stores.policies.list();
    for (const policy of policies) {
      if (policyInConflictWith(policy, policies) !== null) continue;
      if (await ownership.owns(policy.spec.workload, pod, signal)) return policy;
    }
    return null;
  }

  /** Whether the sighting is settled; where it is not, it is looked at again when something changes. */
  async function claim(
    { pod, container, diagnosis, policy, isNews }: Claim,
    signal: AbortSignal,
  ): Promise<boolean> {
    if (policy.spec.mode === 'Observe') return false;
    const node = await readNode(pod.node, signal);
    if (!node) return false;
    const { line, from, to, zone, corednsVersion } = diagnosis.sighting;
    const sighting: Sighting = {
      pod: { name: pod.name, uid: pod.uid },
      line: line.slice(0, 1024),
      ...(from === undefined ? {} : { from }),
      ...(to === undefined ? {} : { to }),
      zone,
      ...(corednsVersion === undefined ? {} : { corednsVersion }),
      diedAt: isoTime(container.death?.finishedAt ?? 0),
      seenAt: isoTime(now()),
    };
    const decision = decideClaim({
      sighting,
      node,
      remediations: stores.remediations.list(),
      digest,
      now: now(),
    });
    if (decision.kind === 'skip') {
      if (isNews)
        logger.info('sighting makes no new incident', {
          pod: pod.name,
          node: node.name,
          reason: decision.reason,
        });
      return decision.reason !== 'NodeHasIncident';
    }
    try {
      await kube.customResource('dnsremediations').create(
        {
          apiVersion: API_VERSION,
          kind: 'DNSRemediation',
          metadata: { name: decision.name },
          spec: {
            policy: { name: policy.name, uid: policy.uid },
            node,
            cause: 'KubeletResolvConf',
            sighting,
            settings: policy.spec,
          },
        },
        signal,
      );
      logger.info('incident claimed', { remediation: decision.name, pod: pod.name, node: node.name });
    } catch (error) {
      if (!isAlreadyExists(error)) throw error;
    }
    return true;
  }

  /** null where it is gone, or is none of ours: the policy's status tells what was seen, and that is all. */
  async function readNode(name: string, signal: AbortSignal): Promise<{ name: string; uid: string } | null> {
    const node = await observeNode(kube, name, signal);
    return node === null || node.excluded ? null : { name, uid: node.uid };
  }

  function tell(pod: DnsPod, policy: Policy, diagnosis: Diagnosis, observation: Observation): void {
    const isLoop = diagnosis.kind === 'loop';
    const { message, advice } = observation;
    options.metrics.sighted(diagnosis.cause);
    logger.info('container death diagnosed', {
      pod: pod.name,
      node: pod.node,
      cause: diagnosis.cause,
      line: message,
    });
    options.narrator.announce(
      { policy, node: { name: pod.node }, pod },
      {
        // A crash that is not the node's fault is no news for the node.
        about: isLoop && advice === undefined ? ['policy', 'node', 'pod'] : ['policy', 'pod'],
        type: 'Warning',
        reason: isLoop ? 'LoopDetected' : diagnosis.cause,
        action: 'Sight',
        note: `${pod.name} on ${pod.node}: ${message}${advice === undefined ? '' : ` Advice: ${advice}`}`.slice(
          0,
          1000,
        ),
      },
    );
  }
}

function observationOf(pod: DnsPod, diagnosis: Diagnosis, diedAt: number): Observation {
  const message = diagnosis.kind === 'loop' ? diagnosis.sighting.line : diagnosis.message;
  const advice = diagnosis.remedy.kind === 'advice' ? diagnosis.remedy.advice : undefined;
  return {
    pod: pod.name,
    node: pod.node,
    cause: diagnosis.cause,
    message: message.slice(0, 1024),
    ...(advice === undefined ? {} : { advice }),
    lastSeen: isoTime(diedAt),
  };
}

const digest = (text: string): string => createHash('sha256').update(text).digest('hex');
