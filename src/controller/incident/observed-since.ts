/** Since when each incident has been read without a gap: time in which nobody looked is no evidence. */

/** Longer than any pause between two reconciles of an incident that is under way, back-off after errors included. */
const GAP_MS = 30_000;

export interface ObservedSince {
  /** Records that an incident was read at `now`. @returns since when it has been read without a gap, epoch milliseconds */
  read(incident: { readonly name: string; readonly uid: string }, now: number): number;
  /** It is over or was deleted. */
  forget(name: string): void;
}

export function createObservedSince(): ObservedSince {
  const incidents = new Map<
    string,
    { readonly uid: string; readonly since: number; readonly last: number }
  >();
  return {
    read({ name, uid }, now) {
      const known = incidents.get(name);
      const since = known?.uid === uid && now - known.last <= GAP_MS ? known.since : now;
      incidents.set(name, { uid, since, last: now });
      return since;
    },
    forget(name) {
      incidents.delete(name);
    },
  };
}
