/** What the operator has seen of each DNS pod's last death. Kept in memory: after a start it is read again from the pods. */
import type { Observation } from '../api/policy.ts';

interface Seen {
  /** One death: container restarts and time of the end. */
  readonly death: string;
  readonly policyUID: string;
  readonly isLoop: boolean;
  readonly observation: Observation;
}

export interface Sightings {
  /** The death was looked at already. */
  isKnown(podUID: string, death: string): boolean;
  remember(podUID: string, seen: Seen): void;
  /** Forgets pods that no longer exist. */
  keepOnly(podUIDs: ReadonlySet<string>): void;
  loopedPods(): ReadonlySet<string>;
  observationsFor(policyUID: string): readonly Observation[];
}

export function createSightings(): Sightings {
  const seen = new Map<string, Seen>();
  return {
    isKnown: (podUID, death) => seen.get(podUID)?.death === death,
    remember: (podUID, sighting) => void seen.set(podUID, sighting),
    keepOnly(podUIDs) {
      for (const podUID of seen.keys()) if (!podUIDs.has(podUID)) seen.delete(podUID);
    },
    loopedPods: () => new Set([...seen].flatMap(([podUID, { isLoop }]) => (isLoop ? [podUID] : []))),
    observationsFor: (policyUID) =>
      [...seen.values()].flatMap((one) => (one.policyUID === policyUID ? [one.observation] : [])),
  };
}
