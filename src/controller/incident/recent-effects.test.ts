import { describe, expect, it } from 'vitest';
import { createRecentEffects } from './recent-effects.ts';

const start = { kind: 'start-proof' } as const;

describe('an effect that was just carried out', () => {
  it('waits before it is repeated: 50 ms at first, twice as long each time, five seconds at most', () => {
    const recent = createRecentEffects();
    const pauses = [];
    for (let now = 0, times = 0; times < 9; times += 1) {
      recent.done('node-1', start, now);
      const pause = recent.pauseMs('node-1', { ...start }, now);
      pauses.push(pause);
      now += pause;
      expect(recent.pauseMs('node-1', start, now)).toBe(0);
    }
    expect(pauses).toEqual([50, 100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000]);
  });

  it('does not hold back another effect, or that of another incident', () => {
    const recent = createRecentEffects();
    recent.done('node-1', start, 0);
    expect(recent.pauseMs('node-1', { kind: 'remove-proof-pod' }, 0)).toBe(0);
    expect(recent.pauseMs('node-2', start, 0)).toBe(0);
  });

  it('is an effect like any other once the incident went on', () => {
    const recent = createRecentEffects();
    recent.done('node-1', start, 0);
    recent.forget('node-1');
    expect(recent.pauseMs('node-1', start, 0)).toBe(0);
  });
});
