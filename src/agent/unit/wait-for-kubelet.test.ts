import { describe, expect, it } from 'vitest';
import { STABLE_MS, UNASKED_STABLE_MS, type WaitResult, waitForKubelet } from './wait-for-kubelet.ts';

interface Life {
  /** When the new process is gone again. */
  readonly endsAtMs?: number;
  /** Whether it answers at a moment; left out where nobody can ask it. */
  readonly servesAt?: (ms: number) => boolean;
  readonly stoppedAtMs?: number;
}

/** Watches a kubelet that was started at 0, in no time. */
async function waitFor({ endsAtMs = Number.POSITIVE_INFINITY, servesAt, stoppedAtMs }: Life) {
  let nowMs = 0;
  const stop = new AbortController();
  const result: WaitResult = await waitForKubelet({
    unit: {
      state: async () => {
        const isUp = nowMs < endsAtMs;
        return {
          activeState: isUp ? 'active' : 'activating',
          subState: isUp ? 'running' : 'auto-restart',
          mainPid: isUp ? 2 : 0,
          startedAtMs: 0,
          autoRestarts: 0,
          jobPending: false,
        };
      },
    },
    clock: {
      now: () => nowMs,
      sleep: async (ms) => {
        nowMs += ms;
        if (stoppedAtMs !== undefined && nowMs >= stoppedAtMs) stop.abort();
      },
    },
    startedAfterMs: 0,
    notPid: 1,
    kubeletServes: servesAt && (async () => servesAt(nowMs)),
    stop: stop.signal,
  });
  return { ...result, afterMs: nowMs };
}

describe('a kubelet that can be asked', () => {
  it('is trusted when it still answers two seconds after its first answer', async () => {
    const { kind, afterMs } = await waitFor({ servesAt: (ms) => ms >= 1_000 });
    expect(kind).toBe('up');
    expect(afterMs).toBe(1_000 + STABLE_MS);
  });

  it('is not trusted for one answer', async () => {
    const result = await waitFor({ servesAt: (ms) => ms < 1_000 });
    expect(result).toMatchObject({
      kind: 'down',
      why: 'it runs but does not answer on its port within 20 s',
    });
  });

  it('is not trusted where it dies after it has answered', async () => {
    expect(await waitFor({ servesAt: () => true, endsAtMs: 1_500 })).toMatchObject({ kind: 'down', pid: 0 });
  });

  it('is not cut off in its two seconds for having begun late', async () => {
    expect(await waitFor({ servesAt: (ms) => ms >= 19_500 })).toMatchObject({ kind: 'up' });
  });
});

describe('a kubelet that cannot be asked', () => {
  it('is trusted when it has stayed up for twenty seconds', async () => {
    const { kind, afterMs } = await waitFor({});
    expect(kind).toBe('up');
    expect(afterMs).toBe(UNASKED_STABLE_MS);
  });

  it('is not trusted where it dies before that', async () => {
    expect(await waitFor({ endsAtMs: 19_000 })).toMatchObject({ kind: 'down' });
  });

  it('is trusted sooner by an agent that is told to stop', async () => {
    const { kind, afterMs } = await waitFor({ stoppedAtMs: 12_000 });
    expect(kind).toBe('up');
    expect(afterMs).toBeLessThan(12_500);
  });
});
