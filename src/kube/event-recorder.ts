/** Writes events.k8s.io/v1 Events: repeated ones are folded into a series, and a failure never reaches the caller. */
import { createHash, randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { type Clock, systemClock, type Timer } from '../runtime/clock.ts';
import type { Logger } from '../runtime/logger.ts';
import type { Metrics } from '../runtime/metrics.ts';
import { isNotFound } from './errors.ts';
import { microTime } from './micro-time.ts';
import type { RawApi } from './raw-api.ts';

/** A repetition within this time belongs to the same series. */
const WINDOW_MS = 600_000;
/** How long repetitions are counted before the count is written. */
const FOLD_MS = 5_000;
/** A longer backlog means that the API server is unreachable; further events are dropped and counted. */
const LONGEST_QUEUE = 200;
const LONGEST_NOTE = 1024;

export interface EventTarget {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly namespace?: string;
  readonly uid: string;
}

export interface EventRecord {
  readonly regarding: EventTarget;
  readonly type: 'Normal' | 'Warning';
  /** CamelCase, machine-readable: why. */
  readonly reason: string;
  /** CamelCase, machine-readable: what was done. */
  readonly action: string;
  readonly note: string;
}

export interface EventRecorder {
  /** Queues the event and returns at once. */
  record(event: EventRecord): void;
  /** Writes everything that is queued or counted. */
  drain(): Promise<void>;
}

interface EventRecorderOptions {
  readonly raw: RawApi;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** For example "example.io/operator". */
  readonly reportingController: string;
  /** @default the host name, which in a pod is the pod's name */
  readonly reportingInstance?: string;
  readonly clock?: Clock;
}

interface Series {
  readonly event: EventRecord;
  readonly name: string;
  readonly endsAt: number;
  count: number;
  lastAt: number;
  fold: Timer | undefined;
}

export function createEventRecorder(options: EventRecorderOptions): EventRecorder {
  const { raw, logger, metrics, clock = systemClock } = options;
  const instance = (options.reportingInstance ?? hostname()).slice(0, 128);
  const series = new Map<string, Series>();
  let pending = 0;
  // One at a time, so that events are written in the order in which they happened.
  let tail: Promise<void> = Promise.resolve();
  for (const reason of ['refused', 'queue full'] as const) metrics.eventsDropped.inc({ reason }, 0);

  function record(event: EventRecord): void {
    const now = clock.monotonic();
    for (const [key, old] of series) if (old.endsAt <= now && !old.fold) series.delete(key);

    const key = JSON.stringify([event.regarding.uid, event.reason, event.note]);
    const known = series.get(key);
    if (known && known.endsAt > now) {
      known.count++;
      known.lastAt = clock.now();
      known.fold ??= clock.setTimeout(() => writeCount(known), FOLD_MS);
      return;
    }
    const fresh: Series = {
      event,
      name: eventName(event.regarding.name, key),
      endsAt: now + WINDOW_MS,
      count: 1,
      lastAt: clock.now(),
      fold: undefined,
    };
    series.set(key, fresh);
    enqueue(event, async () => create(fresh));
  }

  function writeCount(entry: Series): void {
    entry.fold = undefined;
    enqueue(entry.event, async () => {
      const path = `${pathOf(entry.event)}/${entry.name}`;
      const body = { series: { count: entry.count, lastObservedTime: microTime(entry.lastAt) } };
      try {
        await raw.request({ method: 'PATCH', path, body, unfenced: true });
      } catch (error) {
        // Events expire, by default after an hour.
        if (!isNotFound(error)) throw error;
        await create(entry);
      }
    });
  }

  async function create({ event, name, lastAt }: Series): Promise<void> {
    const namespace = namespaceOf(event);
    await raw.request({
      method: 'POST',
      path: pathOf(event),
      // Events may be written by a non-leader: they report and decide nothing.
      unfenced: true,
      body: {
        apiVersion: 'events.k8s.io/v1',
        kind: 'Event',
        metadata: { name, namespace },
        eventTime: microTime(lastAt),
        reportingController: options.reportingController,
        reportingInstance: instance,
        type: event.type,
        reason: event.reason,
        action: event.action,
        note: shorten(event.note),
        regarding: event.regarding,
      },
    });
  }

  function enqueue(event: EventRecord, write: () => Promise<void>): void {
    if (pending >= LONGEST_QUEUE) {
      metrics.eventsDropped.inc({ reason: 'queue full' });
      return;
    }
    pending++;
    tail = tail.then(write).then(
      () => void pending--,
      (error: unknown) => {
        pending--;
        metrics.eventsDropped.inc({ reason: 'refused' });
        logger.warn('event could not be written', { error, reason: event.reason, note: event.note });
      },
    );
  }

  return {
    record,
    async drain() {
      for (const entry of series.values()) {
        if (!entry.fold) continue;
        entry.fold.cancel();
        writeCount(entry);
      }
      await tail;
    },
  };
}

/** Events about cluster-scoped objects belong in "default", where kubectl describe looks for them. */
const namespaceOf = (event: EventRecord): string => event.regarding.namespace ?? 'default';
const pathOf = (event: EventRecord): string =>
  `/apis/events.k8s.io/v1/namespaces/${namespaceOf(event)}/events`;

function eventName(regarding: string, key: string): string {
  const hash = createHash('sha256').update(key).update(randomBytes(8)).digest('hex').slice(0, 16);
  return `${regarding.slice(0, 200)}.${hash}`;
}

/** The API limits bytes, not characters. */
function shorten(note: string): string {
  if (Buffer.byteLength(note) <= LONGEST_NOTE) return note;
  const cut = new TextDecoder().decode(Buffer.from(note).subarray(0, LONGEST_NOTE - 6), { stream: true });
  return `${cut}…`;
}
