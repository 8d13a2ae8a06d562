import { describe, expect, it } from 'vitest';
import { STABLE_MS, UNASKED_STABLE_MS, type WaitResult, waitForKubelet } from './wait-for-kubelet.ts';

interface Life {
  /** When the new process ends. */
  readonly endsAtMs?: number;
  /** Whether its port responds at a given time; left out if the port cannot be asked. */
  readonly servesAt?: (ms: number) => boolean;
  readonly stoppedAtMs?: number;
}

/** Waits in virtual time for a kubelet that was started at 0. */
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

describe('a kubelet whose port can be asked', () => {
  it('is up when it still responds two seconds after its first response', async () => {
    const { kind, afterMs } = await waitFor({ servesAt: (ms) => ms >= 1_000 });
    expect(kind).toBe('up');
    expect(afterMs).toBe(1_000 + STABLE_MS);
  });

  it('is not up after a single response', async () => {
    const result = await waitFor({ servesAt: (ms) => ms < 1_000 });
    expect(result).toMatchObject({
      kind: 'down',
      why: 'The kubelet runs but does not answer on its port within 20 s.',
    });
  });

  it('is down if it exits after it has responded', async () => {
    expect(await waitFor({ servesAt: () => true, endsAtMs: 1_500 })).toMatchObject({ kind: 'down', pid: 0 });
  });

  it('gets its two seconds even if it begins to respond late', async () => {
    expect(await waitFor({ servesAt: (ms) => ms >= 19_500 })).toMatchObject({ kind: 'up' });
  });
});

describe('a kubelet whose port cannot be asked', () => {
  it('is up after it has run for twenty seconds', async () => {
    const { kind, afterMs } = await waitFor({});
    expect(kind).toBe('up');
    expect(afterMs).toBe(UNASKED_STABLE_MS);
  });

  it('is down if it exits before that', async () => {
    expect(await waitFor({ endsAtMs: 19_000 })).toMatchObject({ kind: 'down' });
  });

  it('is up sooner if the agent is stopped', async () => {
    const { kind, afterMs } = await waitFor({ stoppedAtMs: 12_000 });
    expect(kind).toBe('up');
    expect(afterMs).toBeLessThan(12_500);
  });
});
