/** What a reflector shows of itself: its state, the last contact and error, and whether it is synced. */
import type { Clock } from '../clock.ts';
import type { Logger } from '../logger.ts';
import type { Metrics } from '../metrics.ts';
import { isWedged, type ReflectorState } from './reflector-state.ts';

export interface ReflectorStatus {
  /** Resolves when everything that exists is in the store. Never rejects: no failure ends the attempts. */
  readonly synced: Promise<void>;
  readonly isSynced: boolean;
  /** When the server last answered a list, opened a watch or sent an event, in epoch milliseconds. */
  readonly lastContactAt: number | undefined;
  /** The last failure, until the next success; for the readiness probe. */
  readonly lastError: string | undefined;
  readonly state: ReflectorState;
  /** Whether the loop is stuck, which is not the same as a server that does not answer. For the liveness probe. */
  readonly wedged: boolean;
}

interface WritableStatus extends ReflectorStatus {
  enter(state: ReflectorState): void;
  readonly contact: () => void;
  failed(message: string): void;
  readonly recovered: () => void;
  becameSynced(fields: { readonly objects: number; readonly resourceVersion: string }): void;
}

interface StatusOptions {
  readonly name: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

export function createReflectorStatus({ name, clock, logger, metrics }: StatusOptions): WritableStatus {
  const synced = Promise.withResolvers<void>();
  let isSynced = false;
  let lastContactAt: number | undefined;
  let lastError: string | undefined;
  let state: ReflectorState = { kind: 'idle' };

  return {
    synced: synced.promise,
    get isSynced() {
      return isSynced;
    },
    get lastContactAt() {
      return lastContactAt;
    },
    get lastError() {
      return lastError;
    },
    get state() {
      return state;
    },
    get wedged() {
      return isWedged(state, clock.monotonic());
    },
    enter(next) {
      state = next;
    },
    contact() {
      lastContactAt = clock.now();
      if (state.kind === 'watching') state = { ...state, heardMs: clock.monotonic() };
      metrics.lastContact.set({ resource: name }, lastContactAt / 1000);
    },
    failed(message) {
      lastError = message;
    },
    recovered() {
      if (lastError !== undefined) logger.info('recovered', { after: lastError });
      lastError = undefined;
    },
    becameSynced(fields) {
      if (isSynced) return;
      isSynced = true;
      logger.info('synced', fields);
      synced.resolve();
    },
  };
}
