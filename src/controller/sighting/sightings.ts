/** The last death of each DNS pod that the operator has seen. In memory only: after a restart it is read from the pods again. */
import type { Observation } from '../../api/policy/status.ts';
import type { Diagnosis } from '../../diagnosis/diagnose.ts';
import type { Basis } from '../../observe/sight.ts';
import type { Change, Listener, Store } from '../../runtime/reflector/store.ts';

export interface Seen {
  readonly podUID: string;
  readonly deathID: string;
  /** The log was read while this was the container's current state; a newer container may have written it. */
  readonly wasCurrent: boolean;
  readonly diagnosis: Diagnosis;
  /** What it was made from; null if no log of this death could be read. */
  readonly basis: Basis | null;
  /** Nothing more follows from this death; false while its node has an incident, or the policy only observes. */
  readonly isSettled: boolean;
  readonly policyUID: string;
  readonly observation: Observation;
}

/** Keys are those of the store of pods; a pod that comes back under its name has another uid. */
export interface Sightings extends Pick<Store<Seen>, 'get' | 'keys' | 'onChange'> {
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
  const listeners = new Set<Listener<Seen>>();
  const notify = (change: Change<Seen>): void => {
    for (const listener of listeners) listener(change);
  };
  return {
    get: (key) => seen.get(key),
    keys: () => [...seen.keys()],
    onChange(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    find(key, podUID, deathID) {
      const last = seen.get(key);
      return last?.podUID === podUID && last.deathID === deathID ? last : null;
    },
    remember(key, object) {
      const old = seen.get(key);
      seen.set(key, object);
      notify(old ? { kind: 'modified', key, object, old } : { kind: 'added', key, object });
    },
    keepOnly(key, podUID) {
      const object = seen.get(key);
      if (!object || object.podUID === podUID) return;
      seen.delete(key);
      notify({ kind: 'deleted', key, object });
    },
    loopedPods: () =>
      new Set(
        [...seen.values()].flatMap(({ podUID, diagnosis }) => (diagnosis.kind === 'loop' ? [podUID] : [])),
      ),
    observationsFor: (policyUID) =>
      [...seen.values()].flatMap((one) => (one.policyUID === policyUID ? [one.observation] : [])),
  };
}
