/** Tells receivers what happened: keeps the file of receivers and an outbox for each, and is never waited for. */
import type { Notice } from '../../notify/notice.ts';
import { ReceiversError } from '../../notify/receivers-file.ts';
import { type Clock, sleep, systemClock } from '../../runtime/clock.ts';
import type { Logger } from '../../runtime/logger.ts';
import type { Metrics } from '../../runtime/metrics.ts';
import { createNotificationMetrics } from './notification-metrics.ts';
import { createOutbox, type Outbox } from './outbox.ts';
import { createPost, type Post } from './post.ts';
import { type Receiver, readReceivers } from './receivers.ts';

/**
 * The files are read again so often, and not watched: the kubelet swaps a link above them, which a watch of a file does not
 * see, and needs up to a minute for it anyway.
 */
const READ_AGAIN_MS = 10_000;
/** Of notices that were told, so that none is told twice. */
const REMEMBERED = 1_000;

export interface Notifier {
  /** Queues them for whoever wants them, and returns at once. */
  tell(notices: readonly Notice[]): void;
  /** Tries once more what waits, for `graceMs` at most, and ends. */
  drain(graceMs: number): Promise<void>;
}

interface NotifierOptions {
  /** null: nobody is told anything. */
  readonly file: string | null;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly post?: Post;
  readonly clock?: Clock;
}

export function createNotifier(options: NotifierOptions): Notifier {
  const { file, logger, clock = systemClock } = options;
  const metrics = createNotificationMetrics(options.metrics);
  const parts = { post: options.post ?? createPost(clock), clock, metrics, logger, random: Math.random };
  const outboxes = new Map<string, { receiver: Receiver; readonly outbox: Outbox }>();
  const told = new Set<string>();
  const stopped = new AbortController();
  const read = Promise.withResolvers<void>();
  if (file === null) read.resolve();
  else void follow(file);

  async function follow(path: string): Promise<void> {
    let lastProblem = '';
    while (!stopped.signal.aborted) {
      try {
        putInForce(await readReceivers(path));
        lastProblem = '';
        metrics.fileIsInvalid(false);
      } catch (error) {
        // Of an error that nobody thought of, the message may have a secret in it.
        const problem = error instanceof ReceiversError ? error.message : 'it cannot be read';
        // Once for each problem, not every ten seconds.
        if (problem !== lastProblem)
          logger.error('receivers of notifications are not valid, keeping the earlier ones', {
            problem,
            receivers: [...outboxes.keys()],
          });
        lastProblem = problem;
        metrics.fileIsInvalid(true);
      }
      read.resolve();
      await sleep(clock, READ_AGAIN_MS, stopped.signal);
    }
  }

  function putInForce(receivers: readonly Receiver[]): void {
    if (stopped.signal.aborted) return;
    const names = receivers.map(({ name }) => name);
    const before = JSON.stringify([...outboxes.values()].map(({ receiver }) => receiver));
    if (before === JSON.stringify(receivers)) return;
    for (const [name, { outbox }] of outboxes)
      if (!names.includes(name)) {
        outbox.close('removed');
        outboxes.delete(name);
      }
    const known = new Map(outboxes);
    outboxes.clear();
    for (const receiver of receivers) {
      const entry = known.get(receiver.name);
      entry?.outbox.changeTo(receiver);
      outboxes.set(receiver.name, { receiver, outbox: entry?.outbox ?? createOutbox(receiver, parts) });
    }
    metrics.inForce(names);
    logger.info('receivers of notifications are in force', { receivers: names });
  }

  function isNew({ id }: Notice): boolean {
    if (told.has(id)) return false;
    told.add(id);
    for (const oldest of told) {
      if (told.size <= REMEMBERED) break;
      told.delete(oldest);
    }
    return true;
  }

  return {
    tell(notices) {
      const fresh = notices.filter(isNew);
      if (fresh.length === 0) return;
      // What happens before the first read of the file waits for it.
      void read.promise.then(() => {
        for (const { receiver, outbox } of outboxes.values())
          for (const notice of fresh) if (receiver.events.includes(notice.event)) outbox.push(notice);
      });
    },
    async drain(graceMs) {
      await read.promise;
      const all = [...outboxes.values()].map(({ outbox }) => outbox);
      const limit = new AbortController();
      await Promise.race([
        Promise.all(all.map(async (outbox) => outbox.finish())),
        sleep(clock, graceMs, limit.signal),
      ]);
      limit.abort();
      stopped.abort();
      for (const outbox of all) outbox.close('stopped');
    },
  };
}
