import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { KubeletState, LastExit } from './kubelet-unit.ts';
import { beginWatch, GUARD_MS } from './watch.ts';
import { watchKubelet } from './watch-kubelet.ts';

/** What happens to a process of the kubelet, this long after its start. */
interface Blow {
  readonly kind: 'restarted by someone' | 'killed from outside' | 'crashes';
  readonly afterMs: number;
}

interface Unit {
  /** One for each process in turn; the one after the last lives. */
  readonly blows: readonly Blow[];
  readonly restartMs: number;
  readonly servesAfterMs: number;
}

const EXITS: Readonly<Record<Blow['kind'], LastExit>> = {
  'restarted by someone': { result: 'success', code: 1, status: 0 },
  'killed from outside': { result: 'signal', code: 2, status: 9 },
  crashes: { result: 'exit-code', code: 1, status: 1 },
};
const RUNS: LastExit = { result: 'success', code: 0, status: 0 };

/** systemd as it is documented: Restart=always, RestartSec, and NRestarts that a manual restart sets back. */
function stateAt(ms: number, { blows, restartMs }: Unit): KubeletState & { readonly ageMs: number } {
  let startedAtMs = 0;
  let autoRestarts = 0;
  for (const [n, { kind, afterMs }] of [...blows, NEVER].entries()) {
    const running = { mainPid: n + 2, startedAtMs, autoRestarts, jobPending: false, lastExit: RUNS };
    const endsAtMs = startedAtMs + afterMs;
    if (ms < endsAtMs)
      return { activeState: 'active', subState: 'running', ...running, ageMs: ms - startedAtMs };
    const byHand = kind === 'restarted by someone';
    startedAtMs = endsAtMs + (byHand ? 300 : restartMs);
    const between = { ...running, mainPid: 0, jobPending: byHand, lastExit: EXITS[kind], ageMs: 0 };
    if (ms < startedAtMs)
      return byHand
        ? { activeState: 'inactive', subState: 'dead', ...between }
        : { activeState: 'activating', subState: 'auto-restart', ...between };
    autoRestarts = byHand ? 0 : autoRestarts + 1;
  }
  throw new Error('the last process does not end');
}
const NEVER: Blow = { kind: 'crashes', afterMs: Number.POSITIVE_INFINITY };

async function verdictOn(unit: Unit): Promise<string> {
  let nowMs = 0;
  const end = await watchKubelet(
    beginWatch(0),
    { startedAfterMs: 0, notPid: 1, mustServe: true, until: 'kept' },
    {
      unit: { state: async () => stateAt(nowMs, unit) },
      clock: {
        now: () => nowMs,
        sleep: async (ms) => {
          nowMs += ms;
        },
      },
      kubeletServes: async () => {
        const { mainPid, ageMs } = stateAt(nowMs, unit);
        return mainPid > 0 && ageMs >= unit.servesAfterMs;
      },
      stop: new AbortController().signal,
      log: () => undefined,
    },
  );
  return end.kind;
}

/** Judged by hand: the first thing that is a verdict. */
function expected({ blows, servesAfterMs }: Unit): string {
  let kills = 0;
  let restarts = 0;
  for (const { kind, afterMs } of blows) {
    if (afterMs > servesAfterMs + GUARD_MS) return 'kept';
    if (kind === 'restarted by someone') restarts += 1;
    // Perhaps its runtime is being restarted as well.
    else if (kind === 'crashes' && !(restarts > 0 && afterMs < servesAfterMs)) return 'down';
    else if (++kills > 1) return 'down';
  }
  return 'kept';
}

const units: fc.Arbitrary<Unit> = fc
  .record({
    blows: fc.array(
      fc.record({
        kind: fc.constantFrom('restarted by someone', 'killed from outside', 'crashes'),
        // Also so short that no look sees the process, only that it ended.
        afterMs: fc.integer({ min: 20, max: 13_000 }),
      }),
      { maxLength: 3 },
    ),
    // Also faster than the watch looks.
    restartMs: fc.constantFrom(20, 100, 1_000, 10_000),
    servesAfterMs: fc.integer({ min: 0, max: 3_000 }),
  })
  // Where the window begins and ends, a look decides and not the unit.
  .filter(({ blows, servesAfterMs }) =>
    blows.every(
      ({ afterMs }) =>
        Math.abs(afterMs - servesAfterMs - GUARD_MS) > 300 && Math.abs(afterMs - servesAfterMs) > 300,
    ),
  )
  // If neither the processes nor the pauses between them are seen, the number of starts is not known.
  .filter(({ blows, restartMs }) => restartMs >= 1_000 || blows.every(({ afterMs }) => afterMs >= 200))
  // An end between two looks has no cause that could be read: the next one decides, as after a kill.
  .filter(({ blows, restartMs }) => restartMs >= 100 || blows.every(({ kind }) => kind !== 'crashes'));

describe('a kubelet, whatever happens to it while it is watched,', () => {
  it('is kept unless it crashed, or ended twice from outside, before it had served for ten seconds', async () => {
    await fc.assert(
      fc.asyncProperty(units, async (unit) => {
        expect(await verdictOn(unit)).toBe(expected(unit));
      }),
      { numRuns: 2000 },
    );
  });
});
