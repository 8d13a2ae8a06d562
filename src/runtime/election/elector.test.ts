import { describe, expect, it } from 'vitest';
import type { Clock } from '../clock.ts';
import { silentLogger } from '../logger.ts';
import { createMetrics } from '../metrics.ts';
import { createFakeClock } from '../testing/fake-clock.ts';
import { createElector } from './elector.ts';
import { createFence, type Fence } from './fence.ts';
import type { Lease, LeaseLock } from './lease.ts';

const ours = 'me';
const theirs = { holder: 'other', durationMs: 15_000, acquiredAt: 0, renewedAt: 0, transitions: 4 };

/** An elector in front of a lease that answers immediately; its process may be paused right before it opens the fence. */
function setup(present: Lease | null = null, { pauseBeforeOpeningMs = 0 } = {}) {
  const clock = createFakeClock();
  let pausedMs = 0;
  /** After a pause of the process, timers are late and the clock is right. */
  const own: Clock = {
    now: () => clock.now(),
    monotonic: () => clock.monotonic() + pausedMs,
    setTimeout: (callback, ms) => clock.setTimeout(callback, ms),
  };
  const closable = createFence(own);
  const fence: Fence = {
    ...closable,
    open(untilMs) {
      pausedMs += pauseBeforeOpeningMs;
      closable.open(untilMs);
    },
  };
  const metrics = createMetrics();
  const calls: string[] = [];
  const server = {
    lease: present,
    /** What goes wrong with the next calls, in order. */
    faults: [] as ('none' | 'refused' | 'answer lost' | 'hangs')[],
  };
  let version = 100;
  const call = async <T>(what: string, signal: AbortSignal, work: () => T): Promise<T> => {
    calls.push(what);
    const fault = server.faults.shift();
    if (fault === 'refused') throw new Error('refused');
    if (fault === 'hangs')
      return new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason as Error));
      });
    const answer = work();
    if (fault === 'answer lost') throw new Error('connection reset');
    return answer;
  };
  const lock: LeaseLock = {
    name: 'the-lease',
    read: (signal) => call('read', signal, () => server.lease),
    write: (record, over, signal) =>
      call(record.holder === '' ? 'release' : 'write', signal, () => {
        if (over?.version !== server.lease?.version) throw new Error('conflict');
        server.lease = { ...record, version: String(++version) };
        return server.lease;
      }),
  };
  const options = { lock, identity: ours, fence, logger: silentLogger, metrics, clock: own, random: () => 0 };
  const elector = createElector(options);
  let lost: string | undefined;
  void elector.lost.then((error) => {
    lost = error.message;
  });
  return {
    clock,
    fence,
    elector,
    server,
    calls,
    lost: () => lost,
    status: async () => (await metrics.leaderStatus.get()).values,
    pause: (ms: number) => {
      pausedMs += ms;
    },
    /** The other process renews its lease. */
    renewTheirs: () => {
      server.lease = { ...theirs, version: String(++version) };
      return server.lease;
    },
    start: async () => {
      elector.start();
      await clock.settle();
    },
    /** Whether the fence is open one millisecond before that much time has passed, and then. */
    openBeforeAndAfter: async (ms: number) => {
      await clock.advance(ms - 1);
      const before = fence.isOpen();
      await clock.advance(1);
      return [before, fence.isOpen()];
    },
  };
}
const held: Lease = { ...theirs, version: '1' };

describe('an elector', () => {
  it('acquires a lease that does not exist, and sets its metric', async () => {
    const { elector, fence, server, start, status, clock } = setup();
    expect(await status()).toMatchObject([{ value: 0, labels: { name: 'the-lease' } }]);
    await start();
    expect(fence.isOpen()).toBe(true);
    expect(await elector.elected).toMatchObject({ holder: ours, transitions: 0, durationMs: 15_000 });
    expect(server.lease?.acquiredAt).toBe(clock.now());
    expect(await status()).toMatchObject([{ value: 1 }]);
  });

  it('acquires a released lease, and counts the transition', async () => {
    const { fence, server, start } = setup({ ...held, holder: '' });
    await start();
    expect(fence.isOpen()).toBe(true);
    expect(server.lease).toMatchObject({ holder: ours, transitions: 5 });
  });

  it('renews every four seconds with one request, and keeps the time of acquisition', async () => {
    const { calls, clock, server, start } = setup();
    await start();
    const acquiredAt = clock.now();
    calls.length = 0;
    await clock.advance(20_000);
    expect(calls).toEqual(Array(5).fill('write'));
    expect(server.lease).toMatchObject({ acquiredAt, renewedAt: clock.now(), transitions: 0 });
  });

  it('takes the lease of another process only after it was unchanged for its duration, whatever its timestamps say', async () => {
    const { clock, fence, server, start, renewTheirs } = setup({ ...held, renewedAt: 1 });
    await start();
    for (let second = 0; second < 60; second += 2) {
      await clock.advance(2_000);
      renewTheirs();
    }
    expect(fence.isOpen()).toBe(false);
    await clock.advance(14_900);
    expect(fence.isOpen()).toBe(false);
    await clock.advance(2_100);
    expect(fence.isOpen()).toBe(true);
    expect(server.lease).toMatchObject({ holder: ours, transitions: 5 });
  });

  it('waits for the duration of the holder if that is longer than its own', async () => {
    const { clock, fence, start } = setup({ ...held, durationMs: 30_000 });
    await start();
    await clock.advance(29_900);
    expect(fence.isOpen()).toBe(false);
    await clock.advance(200);
    expect(fence.isOpen()).toBe(true);
  });

  it('keeps its lease when one answer is lost and another never comes', async () => {
    const { clock, fence, server, start, lost } = setup();
    await start();
    server.faults.push('answer lost', 'hangs');
    await clock.advance(30_000);
    expect(fence.isOpen()).toBe(true);
    expect(lost()).toBeUndefined();
    expect(server.lease).toMatchObject({ holder: ours, transitions: 0 });
  });

  it('counts a renewal whose answer was lost from when it was sent, once it reads that it arrived', async () => {
    const { server, start, openBeforeAndAfter } = setup();
    await start();
    server.faults.push('answer lost', 'none', ...Array(50).fill('refused'));
    expect(await openBeforeAndAfter(14_000)).toEqual([true, false]);
  });

  it('does not count a renewal that never arrived', async () => {
    const { server, start, openBeforeAndAfter } = setup();
    await start();
    server.faults.push('refused', 'none', ...Array(50).fill('refused'));
    expect(await openBeforeAndAfter(10_000)).toEqual([true, false]);
  });

  it('tries again at once after an attempt that was never answered', async () => {
    const { calls, clock, server, start } = setup();
    await start();
    calls.length = 0;
    server.faults.push('hangs');
    await clock.advance(6_999);
    expect(calls).toEqual(['write']);
    await clock.advance(1);
    expect(calls).toEqual(['write', 'read', 'write']);
  });

  it('leads only after its claim was confirmed', async () => {
    const { clock, fence, server, start } = setup();
    server.faults.push('none', 'answer lost');
    await start();
    expect(server.lease?.holder).toBe(ours);
    expect(fence.isOpen()).toBe(false);
    await clock.advance(2_000);
    expect(fence.isOpen()).toBe(true);
    expect(server.lease?.transitions).toBe(0);
  });

  it('loses the lease ten seconds after its last renewal, and sends no more requests', async () => {
    const { clock, server, calls, start, lost, status, openBeforeAndAfter } = setup();
    await start();
    server.faults.push(...Array(50).fill('refused'));
    expect(await openBeforeAndAfter(10_000)).toEqual([true, false]);
    expect(lost()).toBe('the lease was not renewed in time');
    expect(await status()).toMatchObject([{ value: 0 }]);
    calls.length = 0;
    await clock.advance(60_000);
    expect(calls).toEqual([]);
    expect(clock.pendingTimers).toBe(0);
  });

  it('loses the lease immediately when it sees another holder', async () => {
    const { clock, elector, fence, start, renewTheirs, lost } = setup();
    await start();
    elector.notice(renewTheirs());
    expect(fence.isOpen()).toBe(false);
    await clock.settle();
    expect(lost()).toBe('the lease was taken by other');
  });

  it('keeps leading when its lease is deleted by hand, by creating it again', async () => {
    const { clock, elector, fence, server, start } = setup();
    await start();
    server.lease = null;
    elector.notice(null);
    await clock.advance(4_100);
    expect(fence.isOpen()).toBe(true);
    expect(server.lease).toMatchObject({ holder: ours });
  });

  it('reports the loss of a lease that expired before its fence was open, because it may never lead again', async () => {
    const { elector, fence, start, lost } = setup(null, { pauseBeforeOpeningMs: 10_000 });
    await start();
    expect(fence.isOpen()).toBe(false);
    expect(lost()).toBe('the lease was not renewed in time');
    expect(await Promise.race([elector.elected, Promise.resolve('not elected')])).toBe('not elected');
  });
});

describe('an elector with a watch', () => {
  it('acquires a released lease immediately', async () => {
    const { clock, elector, fence, server, start } = setup(held);
    await start();
    await clock.advance(3_000);
    server.lease = { ...held, holder: '', version: '2' };
    elector.notice(server.lease);
    await clock.advance(10);
    expect(fence.isOpen()).toBe(true);
  });

  it('sends no requests while the watch reports renewals, and acquires the lease when they stop', async () => {
    const { calls, clock, elector, fence, start, renewTheirs } = setup(held);
    await start();
    calls.length = 0;
    for (let second = 0; second < 60; second += 4) {
      elector.notice(renewTheirs());
      await clock.advance(4_000);
    }
    expect(calls).toEqual([]);
    await clock.advance(10_999);
    expect(fence.isOpen()).toBe(false);
    await clock.advance(2);
    expect(fence.isOpen()).toBe(true);
  });

  it('waits out the holder of a deleted lease, which may not know of the deletion', async () => {
    const { clock, elector, fence, server, start } = setup(held);
    await start();
    server.lease = null;
    elector.notice(null);
    await clock.advance(14_900);
    expect(fence.isOpen()).toBe(false);
    await clock.advance(200);
    expect(fence.isOpen()).toBe(true);
  });

  it('counts a renewal whose answer was lost once the watch shows it', async () => {
    const { clock, elector, server, start, openBeforeAndAfter } = setup();
    await start();
    server.faults.push('answer lost', ...Array(50).fill('refused'));
    await clock.advance(4_000);
    elector.notice(server.lease);
    expect(await openBeforeAndAfter(10_000)).toEqual([true, false]);
  });

  it('ignores an outdated watch event once it leads', async () => {
    const { clock, elector, fence, start, lost } = setup({ ...held, holder: '' });
    await start();
    elector.notice(held);
    await clock.settle();
    expect(fence.isOpen()).toBe(true);
    expect(lost()).toBeUndefined();
  });
});

describe('the release of an elector', () => {
  it('closes the fence before it releases the lease, and does not count as a loss', async () => {
    const { clock, elector, fence, server, start, lost } = setup();
    await start();
    await elector.release();
    expect(fence.isOpen()).toBe(false);
    expect(server.lease).toMatchObject({ holder: '', transitions: 0 });
    await clock.advance(60_000);
    expect(lost()).toBeUndefined();
    expect(server.lease?.holder).toBe('');
    expect(clock.pendingTimers).toBe(0);
  });

  it('releases a lease whose claim was never confirmed', async () => {
    const { clock, elector, server, calls, start } = setup();
    server.faults.push('none', 'answer lost');
    await start();
    await elector.release();
    expect(calls).toEqual(['read', 'write', 'read', 'release']);
    expect(server.lease?.holder).toBe('');
    expect(clock.pendingTimers).toBe(0);
  });

  it('does not renew a lease after its fence has run out in a pause', async () => {
    const { clock, calls, start, pause, lost } = setup();
    await start();
    calls.length = 0;
    pause(10_000);
    // The renewal's timer is due before the fence's.
    await clock.advance(4_000);
    expect(calls).toEqual([]);
    expect(lost()).toBe('the lease was not renewed in time');
  });

  it('does not release a lease that it lost, because writes that were aborted may still arrive', async () => {
    const { clock, elector, server, calls, start, lost } = setup();
    await start();
    server.faults.push('hangs', 'hangs', 'hangs');
    await clock.advance(10_000);
    expect(lost()).toBe('the lease was not renewed in time');
    calls.length = 0;
    await elector.release();
    expect(calls).toEqual([]);
    expect(server.lease?.holder).toBe(ours);
    expect(clock.pendingTimers).toBe(0);
  });

  it('does not release a lease within five seconds of a write that was cut off, because that may still arrive', async () => {
    const { clock, elector, fence, server, calls, start } = setup();
    await start();
    fence.wasCutOff();
    await clock.advance(3_999);
    calls.length = 0;
    await elector.release();
    expect(fence.isOpen()).toBe(false);
    expect(calls).toEqual([]);
    expect(server.lease?.holder).toBe(ours);
    expect(clock.pendingTimers).toBe(0);
  });

  it('releases a lease if the last write that was cut off has had these five seconds', async () => {
    const { clock, elector, fence, server, start } = setup();
    await start();
    fence.wasCutOff();
    await clock.advance(5_000);
    await elector.release();
    expect(server.lease?.holder).toBe('');
  });

  it('does not touch the lease of another process', async () => {
    const { elector, server, calls, start } = setup(held);
    await start();
    calls.length = 0;
    await elector.release();
    expect(calls).toEqual([]);
    expect(server.lease).toEqual(held);
  });

  it('does not wait for an unresponsive server', async () => {
    const { clock, elector, server, start } = setup();
    await start();
    server.faults.push('hangs');
    let isReleased = false;
    void elector.release().then(() => {
      isReleased = true;
    });
    await clock.advance(2_000);
    expect(isReleased).toBe(true);
  });

  it('sends no request if it was never started', async () => {
    const { elector, calls } = setup();
    await elector.release();
    expect(calls).toEqual([]);
  });
});
