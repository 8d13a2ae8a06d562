/** A DNS pod's container died: find out why, say so, and claim the incident where it can be repaired. */
import { createHash } from 'node:crypto';
import { API_VERSION } from '../api/keys.ts';
import type { Sighting } from '../api/remediation.ts';
import type { Diagnosis } from '../diagnosis/diagnose.ts';
import type { KubeClient } from '../kube/client.ts';
import { isAlreadyExists, isNotFound } from '../kube/errors.ts';
import { clusterDnsAddresses } from '../observe/cluster-dns.ts';
import type { Policy } from '../observe/custom-resources.ts';
import type { DnsContainer, DnsPod } from '../observe/dns-pod.ts';
import { parseNode } from '../observe/node.ts';
import type { Ownership } from '../observe/ownership.ts';
import { sight } from '../observe/sight.ts';
import { decideClaim } from '../remediation/claim.ts';
import { isoTime } from '../remediation/conditions.ts';
import type { Logger } from '../runtime/logger.ts';
import type { Outcome } from '../runtime/work-queue.ts';
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

const DONE: Outcome = { kind: 'done' };
/** The runtime refuses a log for a moment around a restart. */
const LOG_RETRY_MS = 300;

/** Returns the reconcile function. The key is namespace/name of a DNS pod. */
export function createSightingReconciler(options: SightingControllerOptions) {
  const { kube, stores, ownership, sightings, logger, now } = options;

  return async function reconcile(key: string, signal: AbortSignal): Promise<Outcome> {
    sightings.keepOnly(new Set(stores.dnsPods.list().map((pod) => pod.uid)));
    const pod = stores.dnsPods.get(key);
    const policy = pod && (await policyFor(pod, signal));
    if (!pod || !policy) return DONE;
    options.policyChanged(policy.name);

    const container = containerOf(pod, policy.spec.workload);
    const death = container?.death;
    if (!container || !death || death.exitCode === 0) return DONE;
    const deathID = `${container.restartCount}/${death.finishedAt}`;
    if (sightings.isKnown(pod.uid, deathID)) return DONE;

    const clusterDNS = await clusterDnsAddresses(kube, signal);
    const diagnosis = await sight(kube, { pod, container, clusterDNS }, signal);
    if (!diagnosis) return { kind: 'requeue', afterMs: LOG_RETRY_MS };

    // Claimed before it is remembered: an operator killed in between claims again, and collides.
    if (diagnosis.kind === 'loop' && diagnosis.remedy.kind === 'repair')
      await claim(pod, container, diagnosis, policy, signal);
    remember(pod, policy, deathID, diagnosis, death.finishedAt);
    options.policyChanged(policy.name);
    return DONE;
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
    pod: DnsPod,
    container: DnsContainer,
    diagnosis: Extract<Diagnosis, { kind: 'loop' }>,
    policy: Policy,
    signal: AbortSignal,
  ): Promise<void> {
    if (policy.spec.mode === 'Observe') return;
    const node = await readNode(pod.node, signal);
    if (!node) return;
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
      logger.info('sighting makes no new incident', {
        pod: pod.name,
        node: node.name,
        reason: decision.reason,
      });
      return;
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
  }

  async function readNode(name: string, signal: AbortSignal): Promise<{ name: string; uid: string } | null> {
    try {
      const path = `/api/v1/nodes/${encodeURIComponent(name)}`;
      const { uid } = parseNode(await kube.raw.request({ method: 'GET', path, signal }));
      return { name, uid };
    } catch (error) {
      if (isNotFound(error)) return null;
      throw error;
    }
  }

  function remember(pod: DnsPod, policy: Policy, death: string, diagnosis: Diagnosis, diedAt: number): void {
    const isLoop = diagnosis.kind === 'loop';
    const message = isLoop ? diagnosis.sighting.line : diagnosis.message;
    const advice = diagnosis.remedy.kind === 'advice' ? diagnosis.remedy.advice : undefined;
    sightings.remember(pod.uid, {
      death,
      policyUID: policy.uid,
      isLoop,
      observation: {
        pod: pod.name,
        node: pod.node,
        cause: diagnosis.cause,
        message: message.slice(0, 1024),
        ...(advice === undefined ? {} : { advice }),
        lastSeen: isoTime(diedAt),
      },
    });
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

const digest = (text: string): string => createHash('sha256').update(text).digest('hex');
