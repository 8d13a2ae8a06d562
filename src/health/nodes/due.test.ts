import { describe, expect, it } from 'vitest';
import { NEVER } from '../../api/go-duration.ts';
import type { NodeCheckRecord } from '../../api/node-check-record.ts';
import { dueOf, type NodeNow } from './due.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const LAST = Date.parse('2026-03-01T12:00:00Z');
const iso = (ms: number): string => new Date(ms).toISOString();

const node: NodeNow = {
  uid: 'uid-1',
  ready: true,
  bootID: 'boot-1',
  kubeletVersion: 'v1.34.4',
  osImage: 'Debian GNU/Linux 13 (trixie)',
  kubeletStartedAt: null,
  repairedAt: null,
  isWanted: false,
};
const DAILY = { intervalMs: 24 * HOUR, phase: 0.5, now: LAST + 365 * 24 * HOUR };

type Check = NonNullable<NodeCheckRecord['check']>;
const recordOf = (check: Partial<Check> = {}, failures = 0): NodeCheckRecord => ({
  version: 1,
  check: {
    startedAt: iso(LAST),
    endedAt: iso(LAST),
    why: 'Interval',
    bootID: 'boot-1',
    kubeletVersion: 'v1.34.4',
    osImage: 'Debian GNU/Linux 13 (trixie)',
    outcome: failures > 0 ? 'failed' : 'proven',
    ...check,
  },
  failures,
  condition: { reason: 'Proven', message: '', since: iso(LAST), writtenAt: iso(LAST) },
});

describe('a node is due for a check', () => {
  it('at once when it was never checked', () => {
    expect(dueOf(node, null, DAILY)).toEqual({ why: 'FirstSeen', at: 0 });
  });

  it('at once when only an incident was written on it', () => {
    const { check: _check, ...untouched } = recordOf();
    expect(dueOf(node, untouched, DAILY)).toEqual({ why: 'FirstSeen', at: 0 });
  });

  it.each([
    ['was rebooted', { bootID: 'boot-2' }, 'Rebooted'],
    ['has another kubelet', { kubeletVersion: 'v1.35.0' }, 'KubeletUpgraded'],
    ['has another operating system', { osImage: 'Ubuntu 26.04 LTS' }, 'OSImageChanged'],
    ['has a kubelet that was started since', { kubeletStartedAt: LAST + MINUTE }, 'KubeletStarted'],
    [
      'was rebooted, and its kubelet started',
      { bootID: 'boot-2', kubeletStartedAt: LAST + MINUTE },
      'Rebooted',
    ],
  ] as const)('ten minutes after its last check when it %s', (_name, change, why) => {
    expect(dueOf({ ...node, ...change }, recordOf(), DAILY)).toEqual({ why, at: LAST + 10 * MINUTE });
  });

  it('again before it is repaired, if it was found wrong a while ago', () => {
    const due = dueOf({ ...node, isWanted: true }, recordOf({ outcome: 'drifted' }), DAILY);
    expect(due).toEqual({ why: 'Drifted', at: LAST + 10 * MINUTE });
  });

  it('with the pauses of a check that failed when it is next to be repaired and its last check failed', () => {
    const due = dueOf({ ...node, isWanted: true }, recordOf({}, 3), DAILY);
    expect(due).toEqual({ why: 'Retry', at: LAST + 40 * MINUTE });
  });

  it('ten minutes after the end of its last check by the clock of the operator, if that is ahead', () => {
    const record = recordOf({ endedAt: iso(LAST + 5 * MINUTE) });
    const due = dueOf({ ...node, bootID: 'boot-2' }, record, DAILY);
    expect(due).toEqual({ why: 'Rebooted', at: LAST + 15 * MINUTE });
  });

  it('within ten minutes when its last check ended in the future, by a clock that was corrected since', () => {
    const due = dueOf({ ...node, bootID: 'boot-2' }, recordOf({ endedAt: iso(LAST + 24 * HOUR) }), {
      ...DAILY,
      now: LAST + MINUTE,
    });
    expect(due).toEqual({ why: 'Rebooted', at: LAST + 11 * MINUTE });
  });

  it.each([
    ['an hour', 'HourAfterRepair', LAST + 5_000, LAST + 5_000 + HOUR],
    ['a day', 'DayAfterRepair', LAST - 2 * HOUR, LAST + 22 * HOUR],
  ])('%s after a repair', (_name, why, repairedAt, at) => {
    expect(dueOf({ ...node, repairedAt }, recordOf(), DAILY)).toEqual({ why, at });
  });

  it('at an interval that differs by a tenth from node to node', () => {
    const after = (phase: number) => dueOf(node, recordOf(), { ...DAILY, intervalMs: 10 * HOUR, phase });
    expect([0, 0.5, 1].map(after)).toEqual(
      [9, 10, 11].map((hours) => ({ why: 'Interval', at: LAST + hours * HOUR })),
    );
  });

  it('after longer and longer pauses while its checks fail, up to six hours', () => {
    const pause = (failures: number) =>
      ((dueOf(node, recordOf({}, failures), DAILY)?.at ?? 0) - LAST) / MINUTE;
    expect([1, 2, 3, 4, 6, 7, 60].map(pause)).toEqual([10, 20, 40, 80, 320, 360, 360]);
  });

  it('again after a check that failed also where there is no interval', () => {
    const due = dueOf(node, recordOf({}, 1), { ...DAILY, intervalMs: NEVER, phase: 0 });
    expect(due).toEqual({ why: 'Retry', at: LAST + 10 * MINUTE });
  });
});

describe('a node is not due for a check', () => {
  it('while it is not Ready', () => {
    expect(dueOf({ ...node, ready: false }, null, DAILY)).toBeNull();
  });

  it('without an interval, while nothing happens to it', () => {
    expect(dueOf(node, recordOf(), { ...DAILY, intervalMs: NEVER, phase: 0 })).toBeNull();
  });

  it('because of the start of its kubelet that the last check was about', () => {
    const started = { kubeletStartedAt: iso(LAST) };
    const due = dueOf({ ...node, kubeletStartedAt: LAST }, recordOf(started), DAILY);
    expect(due?.why).toBe('Interval');
  });

  it('because of a start before its last check', () => {
    expect(dueOf({ ...node, kubeletStartedAt: LAST - 1000 }, recordOf(), DAILY)?.why).toBe('Interval');
  });

  it('because of a repair that was followed by a check after an hour and after a day', () => {
    expect(dueOf({ ...node, repairedAt: LAST - 25 * HOUR }, recordOf(), DAILY)?.why).toBe('Interval');
  });
});
