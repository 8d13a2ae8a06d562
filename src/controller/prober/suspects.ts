/** Which DNS pod is to be examined: it answers for the cluster and not for external names, and was compared with the others. */
import { FINAL_PHASES } from '../../api/remediation.ts';
import { isCompared, isFailing } from '../../health/pod-health.ts';
import type { Policy } from '../../observe/custom-resources.ts';
import type { Suspect } from '../../observe/late-loop-case.ts';
import type { Ownership } from '../../observe/ownership.ts';
import { policyFor } from '../dns-pods/policies.ts';
import { containerOf, podsOf } from '../dns-pods/workloads.ts';
import type { Stores } from '../stores.ts';
import { type PodHealths, subjectOf } from './pod-healths.ts';
import type { Probes } from './probes.ts';

/** Times are epoch milliseconds. */
export interface PodUnderSuspicion extends Suspect {
  readonly policy: Policy;
  readonly subject: string;
  /** When the first of its failures in a row was asked. */
  readonly foundAt: number;
  /** Its node has an incident that is not over. */
  readonly hasIncident: boolean;
  /** When the last incident of its node ended; 0 without any. */
  readonly lastRepairAt: number;
}

interface Sources {
  readonly stores: Stores;
  readonly ownership: Ownership;
  readonly probes: Probes;
  readonly healths: PodHealths;
}

export async function findSuspect(
  key: string,
  { stores, ownership, probes, healths }: Sources,
  signal: AbortSignal,
): Promise<PodUnderSuspicion | null> {
  const known = stores.dnsPods.get(key);
  const watched = known && (await policyFor(known, stores, ownership, signal));
  const container = watched && containerOf(watched.pod);
  if (!watched || !container || watched.pod.deleting) return null;
  const { pod, policy } = watched;
  const subject = subjectOf(pod, container);
  const series = probes.find(key, subject)?.series;
  if (series?.verdict !== 'external-fails') return null;

  const pods = await podsOf(policy.spec, stores.dnsPods.list(), ownership, signal);
  const all = healths(pods);
  const health = all[pods.findIndex(({ uid }) => uid === pod.uid)];
  if (!health || !isFailing(health) || !isCompared(health, all)) return null;

  const foundAt = series.external.since;
  const ofNode = stores.remediations.list().filter(({ spec }) => spec.node.name === pod.node);
  return {
    pod,
    container,
    policy,
    subject,
    foundAt,
    round: series.last,
    siblings: pods.flatMap((other) => {
      const its = containerOf(other);
      const key2 = `${other.namespace}/${other.name}`;
      const last = its && probes.find(key2, subjectOf(other, its))?.series.last;
      // What it answered before this failure began shows nothing.
      if (other.uid === pod.uid || !last || last.at < foundAt) return [];
      return [{ pod: other.name, node: other.node, round: last }];
    }),
    hasIncident: ofNode.some(({ status }) => !FINAL_PHASES.includes(status.phase)),
    lastRepairAt: Math.max(0, ...ofNode.map(({ status }) => Date.parse(status.finishedAt ?? '') || 0)),
  };
}
