/** When each container of a DNS pod died, by the operator's own clock, because that of a node may be off. */
import type { ContainerDeath, DnsPod } from '../../observe/dns-pod.ts';
import type { Change, Store } from '../../runtime/reflector/store.ts';

interface DeathTimes {
  /** Epoch milliseconds; null for a container that was dead when the operator first saw its pod. */
  sawAt(pod: DnsPod, death: ContainerDeath): number | null;
}

/** Notes each death that a change of a pod brings. In memory only: after a restart, the node's times are all there is. */
export function watchDeaths(dnsPods: Pick<Store<DnsPod>, 'onChange'>, now: () => number): DeathTimes {
  /** By the pod's uid, then by the death's id. */
  const times = new Map<string, ReadonlyMap<string, number>>();

  function note(change: Change<DnsPod>): void {
    const { object: pod } = change;
    if (change.kind === 'deleted') times.delete(pod.uid);
    // Another pod under the same name would be seen dead for the first time.
    if (change.kind !== 'modified') return;
    if (change.old.uid !== pod.uid) {
      times.delete(change.old.uid);
      return;
    }
    const known = times.get(pod.uid);
    const before = new Set(deathsOf(change.old));
    const seen = deathsOf(pod).flatMap((id): [string, number][] => {
      const at = before.has(id) ? known?.get(id) : now();
      return at === undefined ? [] : [[id, at]];
    });
    if (seen.length > 0) times.set(pod.uid, new Map(seen));
    else times.delete(pod.uid);
  }

  dnsPods.onChange(note);
  return { sawAt: (pod, death) => times.get(pod.uid)?.get(death.id) ?? null };
}

const deathsOf = (pod: DnsPod): readonly string[] =>
  pod.containers.flatMap(({ death }) => (death ? [death.id] : []));
