/** Tells the story in events.k8s.io/v1 Events: repeated ones are folded into a series, and none ever fails its caller. */
import { createHash, randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { type Clock, systemClock, type Timer } from '../runtime/clock.ts';
import type { Logger } from '../runtime/logger.ts';
import type { Metrics } from '../runtime/metrics.ts';
import { isNotFound } from './errors.ts';
import { microTime } from './micro-time.ts';
import type { RawApi } from './raw-api.ts';

/** Within this time the same thing said again is the same event. */
const WINDOW_MS = 600_000;
/** How long repetitions are collected before the count is written. */
const FOLD_MS = 5_000;
/** Beyond this the API server cannot be reached anyway, and a story nobody can read is not worth the memory. */
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
  readonly related?: EventTarget;
  readonly type: 'Normal' | 'Warning';
  /** One CamelCase word: why. */
  readonly reason: string;
  /** One CamelCase word: what was done. */
  readonly action: string;
  readonly note: string;
}

export interface EventRecorder {
  /** Returns at once. */
  record(event: EventRecord): void;
  /** Writes what is still to be written. */
  drain(): Promise<void>;
}

export interface EventRecorderOptions {
  readonly raw: RawApi;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** Who says it, for example "example.io/operator". */
  readonly reportingController: string;
  /** @default the host name, in a pod the pod's name */
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
  // One after the other, so that the story is written in the order in which it happened.
  let tail: Promise<void> = Promise.resolve();
  for (const reason of ['refused', 'queue full'] as const) metrics.eventsDropped.inc({ reason }, 0);

  function record(event: EventRecord): void {
    const now = clock.monotonic();
    for (const [key, old] of series) if (old.endsAt <= now && !old.fold) series.delete(key);

    const key = JSON.stringify([event.regarding.uid, event.related?.uid, event.reason, event.note]);
    const standing = series.get(key);
    if (standing && standing.endsAt > now) {
      standing.count++;
      standing.lastAt = clock.now();
      standing.fold ??= clock.setTimeout(() => writeCount(standing), FOLD_MS);
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
        // It lives for an hour at most, and less where an administrator wants that.
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
      // A report and not a deed: also one who no longer leads, or does not lead yet, may say what happened.
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
        ...(event.related ? { related: event.related } : {}),
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

/** Events of cluster-scoped objects live in "default": that is where kubectl describe looks for them. */
const namespaceOf = (event: EventRecord): string => event.regarding.namespace ?? 'default';
const pathOf = (event: EventRecord): string =>
  `/apis/events.k8s.io/v1/namespaces/${namespaceOf(event)}/events`;

function eventName(regarding: string, key: string): string {
  const hash = createHash('sha256').update(key).update(randomBytes(8)).digest('hex').slice(0, 16);
  return `${regarding.slice(0, 200)}.${hash}`;
}

/** The API counts bytes. */
function shorten(note: string): string {
  if (Buffer.byteLength(note) <= LONGEST_NOTE) return note;
  const cut = new TextDecoder().decode(Buffer.from(note).subarray(0, LONGEST_NOTE - 6), { stream: true });
  return `${cut}…`;
}
