/** Who is told what, how often, and what happens while a receiver is away. */
import { mkdir, mkdtemp, rename, rm, symlink, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Notice, NoticeEvent } from '../../notify/notice.ts';
import { createLogger } from '../../runtime/logger.ts';
import { createMetrics } from '../../runtime/metrics.ts';
import { createFakeClock, type FakeClock } from '../../runtime/testing/fake-clock.ts';
import { createNotifier, type Notifier } from './notifier.ts';
import { LONGEST_OUTBOX, TOLD_WITHIN_MS } from './outbox.ts';
import type { Delivery } from './post.ts';
import type { Receiver } from './receivers.ts';

let directory: string;
let clock: FakeClock;
let lines: string[];
let metrics: ReturnType<typeof createMetrics>;
/** What arrived: the receiver's name and the notice's id. */
let arrived: string[];
let asked: Receiver[];
let answer: (receiver: Receiver) => Promise<Delivery>;
const notifiers: Notifier[] = [];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'dnshealth-notifier-'));
  clock = createFakeClock();
  metrics = createMetrics();
  [lines, arrived, asked] = [[], [], []];
  answer = async () => ({ kind: 'delivered' });
});
afterEach(async () => {
  for (const notifier of notifiers.splice(0)) {
    const drained = notifier.drain(0);
    await clock.advance(0);
    await drained;
  }
  await rm(directory, { recursive: true });
});

const file = () => join(directory, 'receivers.yaml');
const OPS = 'receivers: [{name: ops, url: "https://example.com/s3cr3t"}]';

/** The clock is not moved while a file is read: reading takes real time. */
async function start(text: string | null = OPS): Promise<Notifier> {
  if (text !== null) await writeFile(file(), text);
  const notifier = createNotifier({
    file: file(),
    logger: createLogger({ destination: { write: (line) => void lines.push(line) } }),
    metrics,
    clock,
    post: async (receiver, body) => {
      asked.push(receiver);
      const delivery = await answer(receiver);
      if (delivery.kind === 'delivered') arrived.push(`${receiver.name} ${JSON.parse(body).id}`);
      return delivery;
    },
  });
  notifiers.push(notifier);
  await read();
  return notifier;
}

/** The file was read: the timer for the next time runs. */
async function read(): Promise<void> {
  await expect.poll(() => clock.pendingTimers).toBeGreaterThan(0);
  await clock.settle();
}

/** It is read again, ten seconds later. */
async function readAgain(): Promise<void> {
  const before = clock.pendingTimers;
  await clock.advance(10_000);
  await expect.poll(() => clock.pendingTimers).toBe(before);
  await clock.settle();
}

const notice = (id: string, event: NoticeEvent = 'Failed'): Notice => ({
  id,
  event,
  at: '2026-01-02T03:04:05Z',
  severity: 'warning',
  title: 'title',
  text: 'text',
  policy: { name: 'coredns', uid: 'policy-1' },
});

const value = async (name: string, labels: Readonly<Record<string, string>> = {}): Promise<number> => {
  const { text } = await metrics.scrape();
  const wanted = text
    .split('\n')
    .find(
      (line) =>
        line.startsWith(name) && Object.entries(labels).every(([key, of]) => line.includes(`${key}="${of}"`)),
    );
  return Number(wanted?.split(' ').at(-1) ?? Number.NaN);
};
const logged = (text: string): number => lines.filter((line) => line.includes(text)).length;

describe('what happened', () => {
  it('is told to each receiver that wants it, once', async () => {
    const notifier = await start(
      'receivers: [{name: ops, url: "https://a.example"}, {name: asked, url: "https://b.example", events: [ApprovalWanted]}]',
    );
    notifier.tell([notice('1', 'Failed'), notice('2', 'ApprovalWanted')]);
    notifier.tell([notice('1', 'Failed')]);
    await clock.settle();
    expect(arrived.toSorted()).toEqual(['asked 2', 'ops 1', 'ops 2']);
    expect(await value('dnshealth_notifications_total', { receiver: 'ops', result: 'delivered' })).toBe(2);
  });

  it('is told to nobody without a file, and nothing is logged about that', async () => {
    const notifier = await start(null);
    notifier.tell([notice('1')]);
    await clock.settle();
    expect([arrived, lines]).toEqual([[], []]);
    expect(await value('dnshealth_notification_receivers')).toBe(0);
  });

  it('waits for the first read of the file', async () => {
    await writeFile(file(), OPS);
    const running = start(OPS);
    (await running).tell([notice('1')]);
    await clock.settle();
    expect(arrived).toEqual(['ops 1']);
  });
});

describe('a receiver that is away', () => {
  beforeEach(() => {
    answer = async () => ({ kind: 'failed', why: 'the request failed (ENOTFOUND)' });
  });

  it('is tried again with growing pauses, and told in order when it is back', async () => {
    const notifier = await start();
    notifier.tell([notice('1'), notice('2')]);
    await clock.advance(60_000);
    // Pauses of 1, 2, 4 … s, each half of it at least.
    expect(asked.length).toBeGreaterThan(4);
    expect(asked.length).toBeLessThan(9);
    expect(await value('dnshealth_notifications_queued', { receiver: 'ops' })).toBe(2);
    answer = async () => ({ kind: 'delivered' });
    await clock.advance(300_000);
    expect(arrived).toEqual(['ops 1', 'ops 2']);
    expect(await value('dnshealth_notifications_queued', { receiver: 'ops' })).toBe(0);
  });

  it('does not keep another one from being told', async () => {
    const notifier = await start(
      'receivers: [{name: away, url: "https://a.example"}, {name: well, url: "https://b.example"}]',
    );
    answer = async ({ name }) => (name === 'well' ? { kind: 'delivered' } : new Promise(() => {}));
    notifier.tell([notice('1'), notice('2')]);
    await clock.settle();
    expect(arrived).toEqual(['well 1', 'well 2']);
  });

  it('costs a bounded memory: the oldest are dropped, and counted', async () => {
    const notifier = await start();
    notifier.tell(Array.from({ length: LONGEST_OUTBOX + 7 }, (_, number) => notice(String(number))));
    await clock.settle();
    expect(await value('dnshealth_notifications_queued', { receiver: 'ops' })).toBe(LONGEST_OUTBOX);
    expect(await value('dnshealth_notifications_dropped_total', { receiver: 'ops', reason: 'full' })).toBe(7);
    answer = async () => ({ kind: 'delivered' });
    await clock.advance(300_000);
    expect(arrived[0]).toBe('ops 7');
    expect(arrived).toHaveLength(LONGEST_OUTBOX);
  });

  it('is not told of yesterday', async () => {
    const notifier = await start();
    notifier.tell([notice('1')]);
    await clock.settle();
    const waited = TOLD_WITHIN_MS + 600_000;
    for (let passed = 0; passed < waited; passed += 600_000) await clock.advance(600_000);
    answer = async () => ({ kind: 'delivered' });
    await clock.advance(600_000);
    expect(arrived).toEqual([]);
    expect(await value('dnshealth_notifications_dropped_total', { reason: 'expired' })).toBe(1);
  });

  it('that refuses is not asked the same again', async () => {
    answer = async () => ({ kind: 'refused', why: 'status 400' });
    const notifier = await start();
    notifier.tell([notice('1'), notice('2')]);
    await clock.advance(600_000);
    expect(asked).toHaveLength(2);
    expect(await value('dnshealth_notifications_total', { result: 'refused' })).toBe(2);
  });
});

describe('the file', () => {
  it('is read again when a link above it is swapped, as the kubelet does with a Secret', async () => {
    for (const [version, name] of [
      ['v1', 'before'],
      ['v2', 'after'],
    ] as const) {
      await mkdir(join(directory, version));
      await writeFile(join(directory, version, 'receivers.yaml'), OPS.replace('ops', name));
    }
    await symlink('v1', join(directory, '..data'));
    await symlink('..data/receivers.yaml', file());
    const notifier = await start(null);
    notifier.tell([notice('1')]);
    await symlink('v2', join(directory, '..data_tmp'));
    await rename(join(directory, '..data_tmp'), join(directory, '..data'));
    await readAgain();
    notifier.tell([notice('2')]);
    await clock.settle();
    expect(arrived).toEqual(['before 1', 'after 2']);
  });

  it('with an error changes nothing, is reported once, and says nothing secret', async () => {
    const notifier = await start();
    await writeFile(file(), 'receivers: [{name: ops, url: "s3cr3t"}]');
    await readAgain();
    await readAgain();
    expect(logged('receivers of notifications are not valid')).toBe(1);
    expect(logged('receivers[0].url: must be an http')).toBe(1);
    expect(await value('dnshealth_notification_file_invalid')).toBe(1);
    notifier.tell([notice('1')]);
    await clock.settle();
    expect(arrived).toEqual(['ops 1']);
    await writeFile(file(), OPS);
    await readAgain();
    expect(await value('dnshealth_notification_file_invalid')).toBe(0);
    expect(logged('s3cr3t')).toBe(0);
  });

  it('may name other files, which are read as well', async () => {
    await writeFile(join(directory, 'url'), 'https://example.com/from-file\n');
    await writeFile(join(directory, 'headers'), 'Authorization: Bearer abc');
    const notifier = await start('receivers: [{name: ops, urlFile: url, headersFile: headers}]');
    notifier.tell([notice('1')]);
    await clock.settle();
    expect(asked).toMatchObject([
      { url: 'https://example.com/from-file', headers: { Authorization: 'Bearer abc' } },
    ]);
  });

  it('that names a file that does not exist is not valid', async () => {
    await start('receivers: [{name: ops, urlFile: url}]');
    expect(logged('receiver ops names the file url, which cannot be read (ENOENT)')).toBe(1);
  });

  it('with another URL lets what waits be told there at once', async () => {
    answer = async ({ url }) =>
      url.endsWith('new') ? { kind: 'delivered' } : { kind: 'failed', why: 'the request failed (ENOTFOUND)' };
    const notifier = await start();
    notifier.tell([notice('1')]);
    await clock.advance(5_000);
    await writeFile(file(), OPS.replace('s3cr3t', 'new'));
    await clock.advance(5_000);
    await expect.poll(() => arrived).toEqual(['ops 1']);
  });

  it('without a receiver drops what that one was still to be told', async () => {
    answer = async () => ({ kind: 'failed', why: 'status 503' });
    const notifier = await start();
    notifier.tell([notice('1')]);
    await clock.settle();
    await unlink(file());
    await clock.advance(10_000);
    await expect
      .poll(async () => value('dnshealth_notifications_dropped_total', { reason: 'removed' }))
      .toBe(1);
    const tries = asked.length;
    await clock.advance(600_000);
    expect(asked).toHaveLength(tries);
  });
});

describe('the end of the process', () => {
  it('waits for receivers that answer', async () => {
    const delivered = Promise.withResolvers<Delivery>();
    answer = async () => delivered.promise;
    const notifier = await start();
    notifier.tell([notice('1'), notice('2')]);
    await clock.settle();
    const drained = notifier.drain(3_000);
    delivered.resolve({ kind: 'delivered' });
    await drained;
    expect(arrived).toEqual(['ops 1', 'ops 2']);
  });

  it('tries once more where one was away, and does not wait for one that does not answer', async () => {
    answer = async () => ({ kind: 'failed', why: 'status 503' });
    const notifier = await start(
      'receivers: [{name: away, url: "https://a.example"}, {name: mute, url: "https://b.example"}]',
    );
    answer = async ({ name }) =>
      name === 'mute' ? new Promise(() => {}) : { kind: 'failed', why: 'status 503' };
    notifier.tell([notice('1')]);
    await clock.settle();
    const drained = notifier.drain(3_000);
    await clock.advance(3_000);
    await drained;
    expect(asked.filter(({ name }) => name === 'away')).toHaveLength(2);
    expect(
      await value('dnshealth_notifications_dropped_total', { receiver: 'mute', reason: 'stopped' }),
    ).toBe(1);
  });
});
