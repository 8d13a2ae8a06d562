import { describe, expect, it } from 'vitest';
import { createFakeClock } from '../testing/fake-clock.ts';
import { createFence } from './fence.ts';

function setup() {
  const clock = createFakeClock();
  const fence = createFence(clock);
  const reasons: unknown[] = [];
  fence.closed.addEventListener('abort', () => reasons.push((fence.closed.reason as Error).message));
  return { clock, fence, reasons };
}

describe('the fence', () => {
  it('starts closed and can then be opened', () => {
    const { fence } = setup();
    expect(fence.isOpen()).toBe(false);
    fence.open(10);
    expect(fence.isOpen()).toBe(true);
  });

  it('closes by itself with a reason unless it is extended', async () => {
    const { clock, fence, reasons } = setup();
    fence.open(1_000);
    await clock.advance(900);
    fence.open(1_900);
    await clock.advance(999);
    expect(reasons).toEqual([]);
    await clock.advance(1);
    expect(reasons).toEqual(['the lease was not renewed in time']);
    expect(clock.pendingTimers).toBe(0);
  });

  it('closes by itself also where a timer fires a little before its time, as those of Node may', async () => {
    const { clock } = setup();
    const fence = createFence({
      ...clock,
      monotonic: () => clock.monotonic(),
      setTimeout: (callback, ms) => clock.setTimeout(callback, ms > 1 ? ms - 1 : ms),
    });
    fence.open(1_000);
    await clock.advance(1_001);
    expect(fence.closed.aborted).toBe(true);
  });

  it('is closed after its time even if no timer has fired yet', () => {
    let now = 0;
    const fence = createFence({
      now: () => 0,
      monotonic: () => now,
      setTimeout: () => ({ cancel: () => {} }),
    });
    fence.open(1_000);
    now = 1_000;
    expect(fence.isOpen()).toBe(false);
    expect(fence.closed.aborted).toBe(true);
  });

  it('never opens again once closed', async () => {
    const { clock, fence, reasons } = setup();
    fence.open(1_000);
    fence.close(new Error('first'));
    fence.close(new Error('second'));
    fence.open(5_000);
    expect(fence.isOpen()).toBe(false);
    await clock.advance(10_000);
    expect(reasons).toEqual(['first']);
  });
});
