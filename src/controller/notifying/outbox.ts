/** What one receiver has still to be told: in order, bounded, and tried again with growing pauses. */
import { assertNever } from '../../api/assert-never.ts';
import type { Notice } from '../../notify/notice.ts';
import { slackBody } from '../../notify/slack-body.ts';
import { webhookBody } from '../../notify/webhook-body.ts';
import { equalJitter } from '../../runtime/backoff.ts';
import { type Clock, sleep } from '../../runtime/clock.ts';
import type { Logger } from '../../runtime/logger.ts';
import type { NotificationMetrics } from './notification-metrics.ts';
import type { Post } from './post.ts';
import type { Receiver } from './receivers.ts';

/** More wait only while a receiver is away for long; the oldest are dropped then. */
export const LONGEST_OUTBOX = 100;
/** Later nobody wants to be woken by it. The record has it all. */
export const TOLD_WITHIN_MS = 24 * 3_600_000;
const BACKOFF = { baseMs: 1_000, maxMs: 300_000 };

export interface OutboxOptions {
  readonly post: Post;
  readonly clock: Clock;
  readonly metrics: NotificationMetrics;
  readonly logger: Logger;
  readonly random: () => number;
}

export interface Outbox {
  /** Returns at once. */
  push(notice: Notice): void;
  /** From now on it is told there; what waits is tried at once. */
  changeTo(receiver: Receiver): void;
  /** Tries once more what is in it, and resolves when nothing is left that could succeed. */
  finish(): Promise<void>;
  /** Drops what is in it, in the middle of whatever it does. */
  close(why: 'removed' | 'stopped'): void;
}

interface Entry {
  readonly notice: Notice;
  readonly since: number;
}

export function createOutbox(
  first: Receiver,
  { post, clock, metrics, logger, random }: OutboxOptions,
): Outbox {
  const { name } = first;
  let receiver = first;
  const entries: Entry[] = [];
  const closed = new AbortController();
  let pause = new AbortController();
  let running: Promise<void> | null = null;
  let isLast = false;

  const show = (): void => metrics.queued(name, entries.length);
  const drop = (why: Parameters<NotificationMetrics['dropped']>[1], count = 1): void => {
    entries.splice(0, count);
    metrics.dropped(name, why, count);
    show();
  };

  async function run(): Promise<void> {
    let failures = 0;
    for (let entry = entries[0]; entry && !closed.signal.aborted; entry = entries[0]) {
      if (clock.monotonic() - entry.since > TOLD_WITHIN_MS) {
        logger.warn('notification is too old, dropping it', { receiver: name, event: entry.notice.event });
        drop('expired');
        continue;
      }
      const delivery = await post(receiver, bodyFor(receiver, entry.notice), closed.signal);
      if (closed.signal.aborted) return;
      metrics.answered(name, delivery.kind);
      // It may have been dropped in the meantime, as the oldest of too many.
      const isThere = entries[0] === entry;
      const about = { receiver: name, event: entry.notice.event, id: entry.notice.id };
      if (delivery.kind === 'failed') {
        failures++;
        logger.warn('notification not delivered', { ...about, why: delivery.why, failures });
        if (isLast) return;
        pause = new AbortController();
        await sleep(clock, equalJitter(failures, { ...BACKOFF, random }), pause.signal);
        continue;
      }
      failures = 0;
      if (delivery.kind === 'refused')
        logger.warn('notification refused, it is not sent again', { ...about, why: delivery.why });
      if (isThere) entries.shift();
      show();
    }
  }

  function start(): void {
    // Every failure is an answer of `post`, so that this never rejects.
    running ??= run().finally(() => {
      running = null;
      if (entries.length > 0 && !isLast && !closed.signal.aborted) start();
    });
  }

  return {
    push(notice) {
      if (closed.signal.aborted) return;
      if (entries.length >= LONGEST_OUTBOX) {
        logger.warn('too many notifications wait, dropping the oldest', { receiver: name });
        drop('full');
      }
      entries.push({ notice, since: clock.monotonic() });
      show();
      start();
    },
    changeTo(next) {
      receiver = next;
      pause.abort();
    },
    async finish() {
      isLast = true;
      pause.abort();
      await running;
    },
    close(why) {
      closed.abort();
      pause.abort();
      if (entries.length > 0) drop(why, entries.length);
    },
  };
}

function bodyFor({ format }: Receiver, notice: Notice): string {
  switch (format) {
    case 'webhook':
      return webhookBody(notice);
    case 'slack':
      return slackBody(notice);
    default:
      return assertNever(format);
  }
}
