/** For how long the log of a container death has been missing, and when to ask for it again. */

/** Usually the runtime refuses only for a moment around a restart. A log that is gone is not asked for at that pace. */
const PACES: readonly { readonly forMs: number; readonly everyMs: number }[] = [
  { forMs: 3_000, everyMs: 300 },
  { forMs: 30_000, everyMs: 3_000 },
];
const SLOW_MS = 30_000;
/** From then on the death is reported without its log. */
const REPORTED_AFTER_MS = 10_000;

interface MissingLog {
  readonly askAgainAfterMs: number;
  readonly isReported: boolean;
}

export interface MissingLogs {
  /** Called when the log of this death could not be read. The key is that of the pod. */
  note(key: string, deathID: string): MissingLog;
  forget(key: string): void;
}

export function createMissingLogs(now: () => number): MissingLogs {
  const missing = new Map<string, { readonly deathID: string; readonly since: number }>();
  return {
    note(key, deathID) {
      const known = missing.get(key);
      const since = known?.deathID === deathID ? known.since : now();
      missing.set(key, { deathID, since });
      const elapsedMs = now() - since;
      const pace = PACES.find(({ forMs }) => elapsedMs < forMs);
      return { askAgainAfterMs: pace?.everyMs ?? SLOW_MS, isReported: elapsedMs >= REPORTED_AFTER_MS };
    },
    forget: (key) => void missing.delete(key),
  };
}
