/** Since when each container of a DNS pod has been running, by the operator's own clock, because that of a node may be off. */
import type { DnsContainer, DnsPod } from '../../observe/dns-pod.ts';
import type { Change, Store } from '../../runtime/reflector/store.ts';

export interface UpTimes {
  /** Epoch milliseconds; null while it does not run. */
  upSince(pod: DnsPod, container: DnsContainer): number | null;
}

/**
 * Notes each start that a change of a pod brings. A container that was running before, when the operator started, has run
 * since the time that the node says, unless that is in the future.
 */
export function watchUpTimes(dnsPods: Pick<Store<DnsPod>, 'onChange'>, now: () => number): UpTimes {
  /** By the pod's uid, then by the container's id. */
  const seen = new Map<string, ReadonlyMap<string, number>>();

  function note(change: Change<DnsPod>): void {
    const { object: pod } = change;
    if (change.kind === 'modified' && change.old.uid !== pod.uid) seen.delete(change.old.uid);
    if (change.kind === 'deleted') {
      seen.delete(pod.uid);
      return;
    }
    const known = seen.get(pod.uid);
    const isNewStart = change.kind === 'modified' && change.old.uid === pod.uid;
    const running = pod.containers.flatMap(({ id, runningSince }): [string, number][] => {
      if (id === null || runningSince === null) return [];
      return [[id, known?.get(id) ?? (isNewStart ? now() : Math.min(runningSince, now()))]];
    });
    seen.set(pod.uid, new Map(running));
  }

  dnsPods.onChange(note);
  return {
    upSince: (pod, { id, runningSince }) =>
      runningSince === null || id === null
        ? null
        : (seen.get(pod.uid)?.get(id) ?? Math.min(runningSince, now())),
  };
}
