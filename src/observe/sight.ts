/** From a container death to its diagnosis: reads the log and the Corefile, and asks `diagnosis/` what they mean. */
import { assertNever } from '../api/assert-never.ts';
import type { Observation } from '../api/policy/status.ts';
import type { Sighting } from '../api/trigger.ts';
import type { Case } from '../diagnosis/case.ts';
import { isNodeRestart, isStartFailure } from '../diagnosis/crash.ts';
import { type Diagnosis, diagnose, type Evidence } from '../diagnosis/diagnose.ts';
import { fileExcerpt, logExcerpt } from '../diagnosis/excerpts.ts';
import type { LoopLine } from '../diagnosis/loop-line.ts';
import type { KubeClient } from '../kube/client.ts';
import { observeOnlyAdvice } from '../remediation/claim/observe-only.ts';
import { isoTime } from '../remediation/record/conditions.ts';
import type { Policy } from './custom-resources.ts';
import { readLogOfDeath } from './death-log.ts';
import type { ContainerDeath, DnsContainer, DnsPod } from './dns-pod.ts';
import type { OwnedPod } from './ownership.ts';
import { type CorefileSource, readCorefile } from './read-corefile.ts';

/** The schemas of both kinds allow no more of a line. */
const MAX_LINE = 1024;

interface SightRequest {
  readonly pod: OwnedPod;
  readonly container: DnsContainer;
  readonly clusterDNS: readonly string[];
}

/** What a diagnosis was made from, cut to what a record keeps. */
export interface Basis {
  readonly log: readonly string[];
  readonly clusterDNS: readonly string[];
  readonly corefile?: { readonly configMap: string; readonly text: string };
  /** What else is known of a pod that was asked, and whose node was checked. */
  readonly asked?: Pick<Case, 'answers' | 'newPodResolvConf' | 'siblings'>;
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
): Promise<{ readonly diagnosis: Diagnosis; readonly basis: Basis } | null> {
  const { pod, container, clusterDNS } = request;
  const { death } = container;
  if (!death) return null;
  const hasNoLog = isNodeRestart(death) || isStartFailure(death);
  const [log, corefile] = hasNoLog
    ? ['', { kind: 'missing' } as const]
    : await Promise.all([
        readLogOfDeath(kube, { pod, container, death }, signal),
        readCorefile(kube, pod, signal),
      ]);
  if (log === null) return null;
  const diagnosis = diagnose({
    death,
    log,
    ...corefileEvidence(corefile),
    workload: `${pod.workload.kind.toLowerCase()} ${pod.workload.name}`,
    pod: {
      ips: pod.ips,
      hostNetwork: pod.hostNetwork,
      dnsPolicy: pod.dnsPolicy,
      dnsConfigNameservers: pod.dnsConfigNameservers,
    },
    clusterDNS,
  });
  return { diagnosis, basis: { log: logExcerpt(log), ...corefileText(corefile), clusterDNS } };
}

function corefileText(source: CorefileSource): Pick<Basis, 'corefile'> {
  if (source.kind !== 'found') return {};
  return { corefile: { configMap: source.configMap, text: fileExcerpt(source.text) } };
}

function corefileEvidence(
  source: CorefileSource,
): Pick<Evidence, 'corefile' | 'configMap' | 'unreadConfigMaps'> {
  switch (source.kind) {
    case 'found':
      return { corefile: source.text, configMap: source.configMap };
    case 'forbidden':
      return { unreadConfigMaps: source.configMaps };
    case 'missing':
      return {};
    default:
      return assertNever(source);
  }
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
