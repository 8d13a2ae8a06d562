/** What the DNS pods and the Service answered. In memory only: after a restart they are asked again within seconds. */
import type { Round } from '../../health/round.ts';
import { afterRound, type Series } from '../../health/series.ts';
import type { Change, Listener, Store } from '../../runtime/reflector/store.ts';

/** The rounds of one target of a policy. */
export interface Probe {
  readonly policyUID: string;
  /** What answers: the container of a pod, of which nothing is known after a restart, or the address of a Service. */
  readonly subject: string;
  readonly series: Series;
  /** When it is asked next, epoch milliseconds. */
  readonly dueAt: number;
}

/** Keys are those of the store of pods; of a Service `service/POLICY/ADDRESS`. Only what turned is a change. */
export interface Probes extends Pick<Store<Probe>, 'get' | 'keys' | 'onChange'> {
  /** @param dueAt when the target is asked next, by what is known of it with this round */
  record(
    key: string,
    round: Round,
    of: Pick<Probe, 'policyUID' | 'subject'> & { readonly intervalMs: number },
    dueAt: (series: Series) => number,
  ): void;
  /** null: this subject was not asked yet. */
  find(key: string, subject: string): Probe | null;
  /** Forgets the targets of a policy that are gone. */
  keepOnly(policyUID: string, keys: ReadonlySet<string>): void;
  /** Keys of those that answer for the cluster only. */
  failing(policyUID: string): readonly string[];
  /** The Services that are asked under this policy. */
  servicesOf(policyUID: string): readonly Series[];
  /** A pod of this policy was heard since this process leads. */
  hasRoute(policyUID: string): boolean;
  /** The last round of any target of this policy, and how far apart such rounds are. Times are epoch milliseconds. */
  lastRound(policyUID: string): LastRound | null;
}

interface LastRound {
  readonly at: number;
  /** Of the first one since this process leads. */
  readonly firstAt: number;
  readonly intervalMs: number;
}

export const serviceKey = (policy: string, address: string): string => `${SERVICE}${policy}/${address}`;
const SERVICE = 'service/';

export function createProbes(): Probes {
  const probes = new Map<string, Probe>();
  const heard = new Set<string>();
  const lastRounds = new Map<string, LastRound>();
  const listeners = new Set<Listener<Probe>>();
  const notify = (change: Change<Probe>): void => {
    for (const listener of listeners) listener(change);
  };
  const find = (key: string, subject: string): Probe | null => {
    const probe = probes.get(key);
    return probe?.subject === subject ? probe : null;
  };
  /** While one fails, every answer of its siblings may decide what that means. */
  const isInTrouble = (policyUID: string): boolean =>
    [...probes.values()].some((one) => one.policyUID === policyUID && one.series.verdict !== 'answers');

  return {
    get: (key) => probes.get(key),
    keys: () => [...probes.keys()],
    onChange(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    find,
    record(key, round, { policyUID, subject, intervalMs }, dueAt) {
      const old = probes.get(key);
      const before = find(key, subject);
      const series = afterRound(before?.series ?? null, round);
      const object = { policyUID, subject, series, dueAt: dueAt(series) };
      probes.set(key, object);
      const firstAt = lastRounds.get(policyUID)?.firstAt ?? round.at;
      lastRounds.set(policyUID, { at: round.at, firstAt, intervalMs });
      if (series.wasHeard && !key.startsWith(SERVICE)) heard.add(policyUID);
      if (!old) notify({ kind: 'added', key, object });
      else if (before?.series.verdict !== series.verdict || isInTrouble(policyUID))
        notify({ kind: 'modified', key, object, old });
    },
    keepOnly(policyUID, keys) {
      for (const [key, object] of probes) {
        if (object.policyUID !== policyUID || keys.has(key)) continue;
        probes.delete(key);
        notify({ kind: 'deleted', key, object });
      }
    },
    failing: (policyUID) =>
      [...probes].flatMap(([key, one]) =>
        one.policyUID === policyUID && one.series.verdict === 'external-fails' ? [key] : [],
      ),
    servicesOf: (policyUID) =>
      [...probes].flatMap(([key, one]) =>
        key.startsWith(SERVICE) && one.policyUID === policyUID ? [one.series] : [],
      ),
    hasRoute: (policyUID) => heard.has(policyUID),
    lastRound: (policyUID) => lastRounds.get(policyUID) ?? null,
  };
}
