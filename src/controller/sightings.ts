/** What the operator has seen of each DNS pod's last death. Kept in memory: after a start it is read again from the pods. */
import type { Observation } from '../api/policy.ts';
import type { Diagnosis } from '../diagnosis/diagnose.ts';

export interface Seen {
  readonly podUID: string;
  readonly deathID: string;
  /** The log was read while this was the container's present state; a newer container may have written it. */
  readonly wasCurrent: boolean;
  readonly diagnosis: Diagnosis;
  /** Nothing more follows from this death; false while its node has an incident, or the policy only observes. */
  readonly isSettled: boolean;
  readonly policyUID: string;
  readonly observation: Observation;
}

/** Keys are those of the store of pods; a pod that comes back under its name has another uid. */
export interface Sightings {
  /** What is known of this death. */
  find(key: string, podUID: string, deathID: string): Seen | null;
  remember(key: string, seen: Seen): void;
  /** Forgets what was seen of another pod under this key; without a uid, of any. */
  keepOnly(key: string, podUID: string | undefined): void;
  loopedPods(): ReadonlySet<string>;
  observationsFor(policyUID: string): readonly Observation[];
}

export function createSightings(): Sightings {
  const seen = new Map<string, Seen>();
  return {
    find(key, podUID, deathID) {
      const last = seen.get(key);
      return last?.podUID === podUID && last.deathID === deathID ? last : null;
    },
    remember: (key, sighting) => void seen.set(key, sighting),
    keepOnly(key, podUID) {
      if (seen.get(key)?.podUID !== podUID) seen.delete(key);
    },
    loopedPods: () =>
      new Set(
        [...seen.values()].flatMap(({ podUID, diagnosis }) => (diagnosis.kind === 'loop' ? [podUID] : [])),
      ),
    observationsFor: (policyUID) =>
      [...seen.values()].flatMap((one) => (one.policyUID === policyUID ? [one.observation] : [])),
  };
}
