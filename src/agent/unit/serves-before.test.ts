import { describe, expect, it } from 'vitest';
import { servesBefore } from './serves-before.ts';

/** Time passes only in questions, each of which takes a second without an answer, and in pauses. */
function aKubelet({ reachableAfterMs }: { reachableAfterMs: number }) {
  let nowMs = 0;
  return {
    clock: {
      now: () => nowMs,
      sleep: async (ms: number) => {
        nowMs += ms;
      },
    },
    serves: async () => {
      if (nowMs >= reachableAfterMs) return true;
      nowMs += 1_000;
      return false;
    },
    elapsedMs: () => nowMs,
  };
}

describe('before a change, the port of the kubelet', () => {
  it.each([0, 500, 2_000])('counts as responding if it does so after %d ms', async (reachableAfterMs) => {
    const { serves, clock } = aKubelet({ reachableAfterMs });
    expect(await servesBefore(serves, clock)).toBe(true);
  });

  it('is not asked for longer than it takes a new pod to get its network', async () => {
    const { serves, clock, elapsedMs } = aKubelet({ reachableAfterMs: 60_000 });
    expect(await servesBefore(serves, clock)).toBe(false);
    expect(elapsedMs()).toBeLessThan(5_000);
  });
});
