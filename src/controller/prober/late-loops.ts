/** Pods that answer for the cluster and not for external names: what was found about the cause. In memory only. */
import type { Observation } from '../../api/policy/status.ts';
import type { LateLoop } from '../../api/trigger.ts';
import type { Change, Listener, Store } from '../../runtime/reflector/store.ts';

/**
 * - `checking`: a check of its node runs
 * - `found`: `lateLoop` is the evidence of a loop through its node, null if it is something else
 */
export type Investigation = {
  readonly policyUID: string;
  /** The container that was asked. */
  readonly subject: string;
} & (
  | { readonly kind: 'checking'; readonly check: Check }
  | {
      readonly kind: 'found';
      /** Epoch milliseconds. */
      readonly at: number;
      /** After that it is examined again. */
      readonly validUntil: number;
      readonly lateLoop: LateLoop | null;
      /** It is proven, or all but a check speaks for it. */
      readonly isLateLoop: boolean;
      /** What the status of the policy shows. null: nothing can be said about this pod. */
      readonly observation: Observation | null;
    }
);

export interface Check {
  readonly pod: string;
  readonly nonce: string;
  /** Epoch milliseconds. */
  readonly startedAt: number;
}

/** Keys are those of the store of pods. */
export interface LateLoops extends Pick<Store<Investigation>, 'get' | 'keys' | 'onChange'> {
  put(key: string, investigation: Investigation): void;
  forget(key: string): void;
  /** The pod whose node this check pod checks. */
  keyOfCheck(checkPod: string): string | null;
  observationsFor(policyUID: string): readonly Observation[];
}

export function createLateLoops(): LateLoops {
  const all = new Map<string, Investigation>();
  const listeners = new Set<Listener<Investigation>>();
  const notify = (change: Change<Investigation>): void => {
    for (const listener of listeners) listener(change);
  };
  return {
    get: (key) => all.get(key),
    keys: () => [...all.keys()],
    onChange(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    put(key, object) {
      const old = all.get(key);
      all.set(key, object);
      notify(old ? { kind: 'modified', key, object, old } : { kind: 'added', key, object });
    },
    forget(key) {
      const object = all.get(key);
      if (!object) return;
      all.delete(key);
      notify({ kind: 'deleted', key, object });
    },
    keyOfCheck: (pod) =>
      [...all].find(([, one]) => one.kind === 'checking' && one.check.pod === pod)?.[0] ?? null,
    observationsFor: (policyUID) =>
      [...all.values()].flatMap((one) =>
        one.kind === 'found' && one.policyUID === policyUID && one.observation ? [one.observation] : [],
      ),
  };
}
