/** From a container death to its diagnosis: reads the log and the Corefile, and asks `diagnosis/` what they mean. */
import { DNS_NAMESPACE } from '../api/keys.ts';
import type { Observation } from '../api/policy.ts';
import type { Sighting } from '../api/remediation.ts';
import { isNodeRestart, isStartFailure } from '../diagnosis/crash.ts';
import { type Diagnosis, diagnose } from '../diagnosis/diagnose.ts';
import type { LoopLine } from '../diagnosis/loop-line.ts';
import type { KubeClient } from '../kube/client.ts';
import { nullIfNotFound } from '../kube/errors.ts';
import { isoTime } from '../remediation/conditions.ts';
import { observeOnlyAdvice } from '../remediation/observe-only.ts';
import type { Policy } from './custom-resources.ts';
import { readLogOfDeath } from './death-log.ts';
import type { ContainerDeath, DnsContainer, DnsPod } from './dns-pod.ts';

/** The schemas of both kinds allow no more of a line. */
const MAX_LINE = 1024;
/** Its name with both kubeadm and kubespray; the operator may read no other ConfigMap for this. */
const COREFILE_CONFIG_MAP = 'coredns';

interface SightRequest {
  readonly pod: DnsPod;
  readonly container: DnsContainer;
  readonly clusterDNS: readonly string[];
}

/**
 * What the container's last death means.
 *
 * @returns null when no log of this death could be read: the runtime refuses for a moment around a restart, so try again
 * @throws KubeError when the API cannot be reached or forbids the read
 */
export async function sight(
  kube: KubeClient,
  request: SightRequest,
  signal: AbortSignal,
): Promise<Diagnosis | null> {
  const { pod, container, clusterDNS } = request;
  const { death } = container;
  if (!death) return null;
  const hasNoLog = isNodeRestart(death) || isStartFailure(death);
  const [log, corefile] = hasNoLog
    ? ['', null]
    : await Promise.all([
        readLogOfDeath(kube, { pod, container, death }, signal),
        readCorefile(kube, pod, signal),
      ]);
  if (log === null) return null;
  return diagnose({
    death,
    log,
    ...(corefile === null ? {} : { corefile }),
    pod: {
      ips: pod.ips,
      hostNetwork: pod.hostNetwork,
      dnsPolicy: pod.dnsPolicy,
      dnsConfigNameservers: pod.dnsConfigNameservers,
    },
    clusterDNS,
  });
}

/** null if the pod mounts no such ConfigMap or it has no Corefile: the diagnosis then refuses to repair. */
async function readCorefile(kube: KubeClient, pod: DnsPod, signal: AbortSignal): Promise<string | null> {
  if (!pod.configMaps.includes(COREFILE_CONFIG_MAP)) return null;
  const path = `/api/v1/namespaces/${DNS_NAMESPACE}/configmaps/${COREFILE_CONFIG_MAP}`;
  const map = await nullIfNotFound(
    kube.raw.request<{ data?: { Corefile?: string } }>({ method: 'GET', path, signal }),
  );
  return map?.data?.Corefile ?? null;
}

/** The evidence of an incident, as its record has it. */
export function sightingOf(pod: DnsPod, loop: LoopLine, death: ContainerDeath, now: number): Sighting {
  const { line, from, to, zone, corednsVersion } = loop;
  return {
    pod: { name: pod.name, uid: pod.uid },
    line: line.slice(0, MAX_LINE),
    ...(from === undefined ? {} : { from }),
    ...(to === undefined ? {} : { to }),
    zone,
    ...(corednsVersion === undefined ? {} : { corednsVersion }),
    diedAt: isoTime(death.finishedAt),
    seenAt: isoTime(now),
  };
}

/** The death as the policy's status shows it. */
export function observationOf(
  pod: DnsPod,
  diagnosis: Diagnosis,
  death: ContainerDeath,
  policy: Policy,
): Observation {
  const message = diagnosis.kind === 'loop' ? diagnosis.sighting.line : diagnosis.message;
  const advice = adviceOn(diagnosis, policy, pod.node);
  return {
    pod: pod.name,
    node: pod.node,
    cause: diagnosis.cause,
    message: message.slice(0, MAX_LINE),
    ...(advice === null ? {} : { advice }),
    lastSeen: isoTime(death.finishedAt),
  };
}

function adviceOn({ remedy }: Diagnosis, policy: Policy, node: string): string | null {
  if (remedy.kind === 'advice') return remedy.advice;
  const isOnlyObserved = remedy.kind === 'repair' && policy.spec.mode === 'Observe';
  return isOnlyObserved ? observeOnlyAdvice({ policy: policy.name, node }) : null;
}
