/** What the operator has seen of each DNS pod's last death. Kept in memory: after a start it is read again from the pods. */
import type { Observation } from '../api/policy.ts';
import type { Diagnosis } from '../diagnosis/diagnose.ts';

export interface Seen {
  readonly deathID: string;
  /** The log was read while this was the container's present state; a newer container may have written it. */
  readonly wasCurrent: boolean;
  readonly diagnosis: Diagnosis;
  /** Nothing more follows from this death; false while its node has an incident, or the policy only observes. */
  readonly isSettled: boolean;
  readonly policyUID: string;
  readonly observation: Observation;
}

export interface Sightings {
  /** What is known of this death. */
  find(podUID: string, deathID: string): Seen | null;
  remember(podUID: string, seen: Seen): void;
  /** Forgets pods that no longer exist. */
  keepOnly(podUIDs: ReadonlySet<string>): void;
  loopedPods(): ReadonlySet<string>;
  observationsFor(policyUID: string): readonly Observation[];
}

export function createSightings(): Sightings {
  const seen = new Map<string, Seen>();
  return {
    find(podUID, deathID) {
      const last = seen.get(podUID);
      return last?.deathID === deathID ? last : null;
    },
    remember: (podUID, sighting) => void seen.set(podUID, sighting),
    keepOnly(podUIDs) {
      for (const podUID of seen.keys()) if (!podUIDs.has(podUID)) seen.delete(podUID);
    },
    loopedPods: () =>
      new Set([...seen].flatMap(([podUID, { diagnosis }]) => (diagnosis.kind === 'loop' ? [podUID] : []))),
    observationsFor: (policyUID) =>
      [...seen.values()].flatMap((one) => (one.policyUID === policyUID ? [one.observation] : [])),
  };
}
