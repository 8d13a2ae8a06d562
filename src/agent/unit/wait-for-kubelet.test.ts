import { describe, expect, it } from 'vitest';
import { STABLE_MS, UNASKED_STABLE_MS, type Watched, watchKubelet } from './wait-for-kubelet.ts';

interface Life {
  /** When the new process is gone again. */
  readonly endsAtMs?: number;
  /** Whether it answers at a moment; left out where nobody can ask it. */
  readonly answersAt?: (ms: number) => boolean;
  readonly stoppedAtMs?: number;
}

/** Watches a kubelet that was started at 0, in no time. */
async function watch({ endsAtMs = Number.POSITIVE_INFINITY, answersAt, stoppedAtMs }: Life) {
  let nowMs = 0;
  const stop = new AbortController();
  const watched: Watched = await watchKubelet({
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
    answers: answersAt && (async () => answersAt(nowMs)),
    stop: stop.signal,
  });
  return { ...watched, afterMs: nowMs };
}

describe('a kubelet that can be asked', () => {
  it('is trusted when it still answers two seconds after its first answer', async () => {
    const { kind, afterMs } = await watch({ answersAt: (ms) => ms >= 1_000 });
    expect(kind).toBe('up');
    expect(afterMs).toBe(1_000 + STABLE_MS);
  });

  it('is not trusted for one answer', async () => {
    const watched = await watch({ answersAt: (ms) => ms < 1_000 });
    expect(watched).toMatchObject({
      kind: 'down',
      why: 'it runs but does not answer on its port within 20 s',
    });
  });

  it('is not trusted where it dies after it has answered', async () => {
    expect(await watch({ answersAt: () => true, endsAtMs: 1_500 })).toMatchObject({ kind: 'down', pid: 0 });
  });

  it('is not cut off in its two seconds for having begun late', async () => {
    expect(await watch({ answersAt: (ms) => ms >= 19_500 })).toMatchObject({ kind: 'up' });
  });
});

describe('a kubelet that cannot be asked', () => {
  it('is trusted when it has stayed up for twenty seconds', async () => {
    const { kind, afterMs } = await watch({});
    expect(kind).toBe('up');
    expect(afterMs).toBe(UNASKED_STABLE_MS);
  });

  it('is not trusted where it dies before that', async () => {
    expect(await watch({ endsAtMs: 19_000 })).toMatchObject({ kind: 'down' });
  });

  it('is trusted sooner by an agent that is told to stop', async () => {
    const { kind, afterMs } = await watch({ stoppedAtMs: 12_000 });
    expect(kind).toBe('up');
    expect(afterMs).toBeLessThan(12_500);
  });
});
