/** A store of one DNS pod whose changes a test makes at the times it names, for what notes times by the operator's clock. */
import type { DnsPod } from '../../../src/observe/dns-pod.ts';
import type { Change, Listener, Store } from '../../../src/runtime/reflector/store.ts';
import { at } from './builders.ts';

const KEY = 'kube-system/coredns-sick';

/** Seconds are those of `at`. */
export interface FollowedPods<Times> {
  readonly times: Times;
  added(seconds: number, object: DnsPod): void;
  changed(seconds: number, old: DnsPod, object: DnsPod): void;
  deleted(seconds: number, object: DnsPod): void;
}

/** @param watch what is under test: given the store and the clock */
export function followPods<Times>(
  watch: (dnsPods: Pick<Store<DnsPod>, 'onChange'>, now: () => number) => Times,
): FollowedPods<Times> {
  const listeners: Listener<DnsPod>[] = [];
  let now = at(0);
  const onChange = (listener: Listener<DnsPod>) => {
    listeners.push(listener);
    return () => {};
  };
  const happen = (seconds: number, change: Change<DnsPod>): void => {
    now = at(seconds);
    for (const listener of listeners) listener(change);
  };
  return {
    times: watch({ onChange }, () => now),
    added: (seconds, object) => happen(seconds, { kind: 'added', key: KEY, object }),
    changed: (seconds, old, object) => happen(seconds, { kind: 'modified', key: KEY, object, old }),
    deleted: (seconds, object) => happen(seconds, { kind: 'deleted', key: KEY, object }),
  };
}
