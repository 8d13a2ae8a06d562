import { describe, expect, it } from 'vitest';
import type { KubeletState, LastExit } from './kubelet-unit.ts';
import {
  beginWatch,
  GUARD_MS,
  HARD_LIMIT_MS,
  HURRY_MS,
  LIMIT_MS,
  SLOW_MS,
  START_MS,
  UNASKED_GUARD_MS,
  UNASKED_START_MS,
} from './watch.ts';
import { remarks, type WatchTask, watchKubelet } from './watch-kubelet.ts';

const RUNS: LastExit = { result: 'success', code: 0, status: 0 };
const EXITED = (status: number): LastExit => ({
  result: status === 0 ? 'success' : 'exit-code',
  code: 1,
  status,
});
const KILLED = (status: number): LastExit => ({ result: 'signal', code: 2, status });

const state = (change: Partial<KubeletState>): KubeletState => ({
  activeState: 'active',
  subState: 'running',
  mainPid: 2,
  startedAtMs: 0,
  autoRestarts: 0,
  jobPending: false,
  lastExit: RUNS,
  ...change,
});
const process = (mainPid: number, autoRestarts = 0) => state({ mainPid, autoRestarts });
/** systemd waits for RestartSec; it counts the restart when it makes it. */
const waiting = (lastExit: LastExit, autoRestarts = 0) =>
  state({ activeState: 'activating', subState: 'auto-restart', mainPid: 0, autoRestarts, lastExit });
const beingRestarted = state({ activeState: 'inactive', subState: 'dead', mainPid: 0, jobPending: true });
const stopped = state({ activeState: 'inactive', subState: 'dead', mainPid: 0, lastExit: EXITED(0) });
const failed = (lastExit: LastExit) =>
  state({ activeState: 'failed', subState: 'failed', mainPid: 0, lastExit });

/** What systemd shows from a time on; `unreachable`: the bus does not answer. */
type Story = readonly (readonly [fromMs: number, state: KubeletState | 'unreachable'])[];

interface Scene extends Partial<WatchTask> {
  /** Whether the port responds at a given time. @default always */
  readonly servesAt?: (ms: number) => boolean;
  readonly stoppedAtMs?: number;
}

/** Watches in virtual time a kubelet that replaces process 1 at 0. */
async function watch(story: Story, { servesAt = () => true, stoppedAtMs, ...task }: Scene = {}) {
  let nowMs = 0;
  const stop = new AbortController();
  const end = await watchKubelet(
    beginWatch(0),
    { startedAfterMs: 0, notPid: 1, mustServe: true, until: 'kept', ...task },
    {
      unit: {
        state: async () => {
          const now = story.findLast(([fromMs]) => fromMs <= nowMs)?.[1] ?? beingRestarted;
          if (now === 'unreachable') throw new Error('no bus');
          return now;
        },
      },
      clock: {
        now: () => nowMs,
        sleep: async (ms) => {
          nowMs += ms;
          if (stoppedAtMs !== undefined && nowMs >= stoppedAtMs) stop.abort();
        },
      },
      kubeletServes: async () => servesAt(nowMs),
      stop: stop.signal,
      log: () => undefined,
    },
  );
  return { ...end, afterMs: nowMs, said: remarks(end.watched) };
}

describe('a kubelet that serves', () => {
  it('is kept when it has served for ten seconds and still does', async () => {
    const { kind, afterMs } = await watch([[1_000, process(2)]]);
    expect(kind).toBe('kept');
    expect(afterMs).toBe(1_000 + GUARD_MS);
  });

  it('serves at its first response, for the run that only waits for that', async () => {
    const { kind, afterMs } = await watch([[1_000, process(2)]], { until: 'serving' });
    expect(kind).toBe('serving');
    expect(afterMs).toBe(1_000);
  });

  it('is watched for ten seconds more if it did not respond at the end of the first ten', async () => {
    const { kind, afterMs } = await watch([[0, process(2)]], { servesAt: (ms) => ms < 9_000 || ms > 15_000 });
    expect(kind).toBe('kept');
    expect(afterMs).toBeGreaterThanOrEqual(15_000 + GUARD_MS);
  });

  it('is watched through a bus that cannot be reached for a while', async () => {
    const { kind } = await watch([
      [0, process(2)],
      [3_000, 'unreachable'],
    ]);
    expect(kind).toBe('kept');
  });
});

describe('a kubelet that is slow but alive', () => {
  it.each([25, 45, 59])(
    'is waited for if it responds after %i s, and the report says so',
    async (seconds) => {
      const { kind, afterMs, said } = await watch([[0, process(2)]], {
        servesAt: (ms) => ms >= seconds * 1_000,
      });
      expect(kind).toBe('kept');
      expect(afterMs).toBe(seconds * 1_000 + GUARD_MS);
      expect(said).toBe(` It took ${seconds} s to answer on its port.`);
    },
  );

  it('is down if it does not respond within a minute of its start', async () => {
    const end = await watch([[2_000, process(2)]], { servesAt: () => false });
    expect(end).toMatchObject({
      kind: 'down',
      why: expect.stringContaining('does not answer on its port within 60 s'),
    });
    expect(end.afterMs).toBe(2_000 + SLOW_MS);
  });

  it('is down if it falls silent for a minute while it is watched', async () => {
    const end = await watch([[0, process(2)]], { servesAt: (ms) => ms < 5_000 });
    expect(end.kind).toBe('down');
    expect(end.afterMs).toBe(GUARD_MS + SLOW_MS);
  });

  it('may run before its unit is active, as with Type=notify', async () => {
    const { kind } = await watch([
      [0, state({ activeState: 'activating', subState: 'start', jobPending: true })],
    ]);
    expect(kind).toBe('kept');
  });
});

describe('a kubelet that crashes', () => {
  it.each([0.2, 2.1, 3, 4, 5, 9])('is down when it exits %f s after its start', async (seconds) => {
    const { kind, afterMs } = await watch([
      [0, process(2)],
      [seconds * 1_000, waiting(EXITED(1))],
    ]);
    expect(kind).toBe('down');
    expect(afterMs).toBeLessThanOrEqual(seconds * 1_000 + 100);
  });

  it.each<[string, LastExit]>([
    ['panics', EXITED(2)],
    ['dumps core', { result: 'core-dump', code: 3, status: 11 }],
    ['aborts', KILLED(6)],
    ['is killed by systemd’s watchdog', { result: 'watchdog', code: 3, status: 6 }],
    ['does not end its start in time', { result: 'timeout', code: 2, status: 15 }],
  ])('is down at once when it %s', async (_what, lastExit) => {
    const { kind, afterMs } = await watch([
      [0, process(2)],
      [4_000, waiting(lastExit)],
      [4_500, process(3, 1)],
    ]);
    expect(kind).toBe('down');
    expect(afterMs).toBeLessThan(4_500);
  });

  it('is down when its unit has failed, as at the start limit', async () => {
    const end = await watch([
      [0, process(2)],
      [3_000, failed({ result: 'start-limit-hit', code: 1, status: 1 })],
    ]);
    expect(end).toMatchObject({ kind: 'down', afterMs: 3_000 });
  });

  it('is down when nothing of it was ever seen running', async () => {
    const end = await watch([[0, waiting(EXITED(1))]]);
    expect(end).toMatchObject({ kind: 'down', afterMs: 0, why: expect.stringContaining('ended at once') });
  });

  it('is down when its ExecStartPre= fails, although the old process ended by the signal of the restart', async () => {
    const end = await watch([[0, { ...waiting(KILLED(15)), startedAtMs: -1 }]]);
    expect(end).toMatchObject({ kind: 'down', afterMs: 0 });
  });

  it('is down when systemd’s count shows two deaths that were not seen', async () => {
    const { kind } = await watch([
      [0, process(2)],
      [3_000, process(7, 2)],
    ]);
    expect(kind).toBe('down');
  });

  it('is down when it was not started within twenty seconds', async () => {
    const end = await watch([
      [0, state({ activeState: 'activating', subState: 'start-pre', mainPid: 0, jobPending: true })],
    ]);
    expect(end).toMatchObject({ kind: 'down', afterMs: START_MS });
  });

  it('is down when systemd cannot be asked at all', async () => {
    const end = await watch([[0, 'unreachable']]);
    expect(end).toMatchObject({ kind: 'down', afterMs: START_MS });
  });
});

describe('a kubelet that is ended from outside', () => {
  it.each<[string, LastExit]>([
    ['KILL', KILLED(9)],
    ['HUP', KILLED(1)],
    ['TERM, which ends it with exit code 0', EXITED(0)],
    ['the kernel, because memory ran out', { result: 'oom-kill', code: 2, status: 9 }],
  ])('once, by %s, is no verdict: the next process is watched', async (_what, lastExit) => {
    const { kind, afterMs, said } = await watch([
      [0, process(2)],
      [4_000, waiting(lastExit)],
      [14_000, process(3, 1)],
    ]);
    expect(kind).toBe('kept');
    expect(afterMs).toBe(14_000 + GUARD_MS);
    expect(said).toBe(' It ended once for an outside reason, and systemd started it again.');
  });

  it('before it was seen running is no verdict either', async () => {
    const { kind } = await watch([
      [0, waiting(KILLED(9))],
      [10_000, process(3, 1)],
    ]);
    expect(kind).toBe('kept');
  });

  it('and counted by systemd before its job has run, is one death', async () => {
    const { kind, said } = await watch([
      [0, process(2)],
      [4_000, waiting(KILLED(9))],
      [14_000, { ...waiting(KILLED(9), 1), jobPending: true }],
      [14_100, process(3, 1)],
    ]);
    expect(kind).toBe('kept');
    expect(said).toContain('once');
  });

  it('and restarted between two looks, is one death', async () => {
    const { kind, said } = await watch([
      [0, process(2)],
      [4_000, process(3, 1)],
    ]);
    expect(kind).toBe('kept');
    expect(said).toContain('ended once for an outside reason');
  });

  it('a second time is down', async () => {
    const end = await watch([
      [0, process(2)],
      [4_000, waiting(KILLED(9))],
      [14_000, process(3, 1)],
      [18_000, waiting(KILLED(9), 1)],
    ]);
    expect(end).toMatchObject({ kind: 'down', why: expect.stringContaining('for the second time') });
    expect(end.afterMs).toBeLessThanOrEqual(18_100);
  });

  it('and crashes after that, is down', async () => {
    const { kind } = await watch([
      [0, process(2)],
      [4_000, waiting(KILLED(9))],
      [14_000, process(3, 1)],
      [15_000, waiting(EXITED(1), 1)],
    ]);
    expect(kind).toBe('down');
  });
});

describe('a kubelet that someone else restarts', () => {
  it('is not dead: the new process is watched for ten seconds', async () => {
    const { kind, afterMs, said } = await watch([
      [0, process(2)],
      [4_000, beingRestarted],
      [5_000, process(3)],
    ]);
    expect(kind).toBe('kept');
    expect(afterMs).toBe(5_000 + GUARD_MS);
    expect(said).toBe(' Something else restarted it once while it was watched.');
  });

  it('is not dead either if that has reset systemd’s count', async () => {
    const { kind, said } = await watch([
      [0, process(2, 3)],
      [4_000, process(3, 0)],
    ]);
    expect(kind).toBe('kept');
    expect(said).toContain('Something else restarted it once');
  });

  it('is kept without another ten seconds once the watch has lasted its limit', async () => {
    const often: Story = Array.from({ length: 40 }, (_, n) => [n * 5_000, process(2 + n)] as const);
    const { kind, afterMs } = await watch(often);
    expect(kind).toBe('kept');
    expect(afterMs).toBeGreaterThanOrEqual(LIMIT_MS);
    expect(afterMs).toBeLessThan(LIMIT_MS + 1_000);
  });

  it('is unsettled if it is restarted each time before it serves', async () => {
    const often: Story = Array.from({ length: 40 }, (_, n) => [n * 5_000, process(2 + n)] as const);
    const { kind, afterMs } = await watch(often, { servesAt: () => false });
    expect(kind).toBe('unsettled');
    expect(afterMs).toBeLessThan(HARD_LIMIT_MS + 1_000);
  });

  it('may crash once before it serves again, as when its container runtime is being restarted as well', async () => {
    const along: Story = [
      [0, process(2)],
      [4_000, beingRestarted],
      [5_000, process(3)],
      [5_300, waiting(EXITED(1))],
      [15_300, process(4, 1)],
    ];
    const serves = (ms: number): boolean => ms < 5_000 || ms > 16_000;
    const { kind } = await watch(along, { servesAt: serves });
    expect(kind).toBe('kept');
    const again = await watch([...along, [15_500, waiting(EXITED(1), 1)]], { servesAt: serves });
    expect(again.kind).toBe('down');
  });

  it('may crash once in the same way before it is ever seen running, and that is not held against the one before it', async () => {
    const unseen = { ...waiting(EXITED(1)), startedAtMs: 4_150 };
    const along: Story = [
      [0, process(2)],
      [4_000, beingRestarted],
      [4_300, unseen],
      [14_300, { ...process(4, 1), startedAtMs: 14_300 }],
    ];
    const { kind, said } = await watch(along, { servesAt: (ms) => ms < 4_000 || ms > 15_000 });
    expect(kind).toBe('kept');
    expect(said).toContain('Something else restarted it once');
    const itself: Story = [along[0] ?? [0, process(2)], [4_300, waiting(EXITED(1))]];
    expect((await watch(itself)).kind).toBe('down');
  });

  it('is stopped, not down, if it is not started again', async () => {
    const end = await watch([
      [0, process(2)],
      [4_000, stopped],
    ]);
    expect(end).toMatchObject({ kind: 'stopped', afterMs: 4_000 + START_MS });
  });
});

describe('a kubelet whose port cannot be asked', () => {
  const unasked = { mustServe: false, servesAt: () => false };

  it('has started when it has run for two seconds, and is kept after twenty more', async () => {
    const serving = await watch([[0, process(2)]], { ...unasked, until: 'serving' });
    expect(serving).toMatchObject({ kind: 'serving', afterMs: UNASKED_START_MS });
    const kept = await watch([[0, process(2)]], unasked);
    expect(kept).toMatchObject({ kind: 'kept', afterMs: UNASKED_START_MS + UNASKED_GUARD_MS });
  });

  it('is down if it exits before that', async () => {
    const { kind } = await watch(
      [
        [0, process(2)],
        [19_000, waiting(EXITED(1))],
      ],
      unasked,
    );
    expect(kind).toBe('down');
  });

  it('is kept sooner if the agent is stopped', async () => {
    const { kind, afterMs } = await watch([[0, process(2)]], { ...unasked, stoppedAtMs: 12_000 });
    expect(kind).toBe('kept');
    expect(afterMs).toBeLessThan(12_500);
  });
});

describe('an agent that is stopped while it watches', () => {
  it('waits ten seconds for a kubelet that is silent, and leaves the rest of its time to the undo', async () => {
    const { kind, afterMs } = await watch([[0, process(2)]], { servesAt: () => false, stoppedAtMs: 1_000 });
    expect(kind).toBe('down');
    expect(afterMs).toBe(HURRY_MS);
  });

  it('still watches a kubelet that serves for its ten seconds', async () => {
    const { kind, afterMs } = await watch([[0, process(2)]], { stoppedAtMs: 1_000 });
    expect(kind).toBe('kept');
    expect(afterMs).toBe(GUARD_MS);
  });
});
