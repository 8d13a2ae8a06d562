import { describe, expect, it } from 'vitest';
import { aPolicySpec } from '../../../test/support/objects/builders.ts';
import type { MaintenanceWindow } from '../../api/policy/maintenance.ts';
import { openingOf, windowProblems } from './windows.ts';

/** As an older API server may have stored it: what the schema refuses now is there as well. */
const policyWith = (...windows: readonly object[]) => ({
  ...aPolicySpec(),
  maintenance: {
    windows: windows.map((window) => ({ timeZone: 'UTC', ...window })) as MaintenanceWindow[],
    urgent: 'Wait' as const,
  },
});
/** Whether the windows are open at a time, or when the next one opens. */
const state = (time: string, ...windows: readonly object[]): string => {
  const opening = openingOf(policyWith(...windows).maintenance.windows, Date.parse(time));
  if (opening.kind === 'open') return 'open';
  return opening.opensAt === null ? 'never' : new Date(opening.opensAt).toISOString();
};
const nightly = { cron: '0 22 * * *', duration: '4h' };

it('without windows, a repair may begin at any time', () => {
  expect(state('2026-03-01T12:00:00Z')).toBe('open');
});

describe('a window over midnight', () => {
  it.each([
    ['2026-03-01T21:59:59.999Z', '2026-03-01T22:00:00.000Z'],
    ['2026-03-01T22:00:00Z', 'open'],
    ['2026-03-02T00:30:00Z', 'open'],
    ['2026-03-02T01:59:59.999Z', 'open'],
    ['2026-03-02T02:00:00Z', '2026-03-02T22:00:00.000Z'],
  ])('at %s: %s', (time, expected) => {
    expect(state(time, nightly)).toBe(expected);
  });
});

it('a window that lasts a week is open for all of it', () => {
  const week = { cron: '0 0 * * MON', duration: '168h' };
  expect(state('2026-03-08T23:59:59Z', week)).toBe('open');
});

it('of several windows any one is enough, also where they overlap, and the next one to open is named', () => {
  const early = { cron: '0 21 * * *', duration: '2h' };
  const weekend = { cron: '30 12 * * SAT,SUN', duration: '30m' };
  expect(state('2026-03-02T21:30:00Z', nightly, early)).toBe('open');
  expect(state('2026-03-02T22:59:00Z', nightly, early)).toBe('open');
  expect(state('2026-03-02T23:30:00Z', nightly, early)).toBe('open');
  expect(state('2026-03-07T03:00:00Z', nightly, early, weekend)).toBe('2026-03-07T12:30:00.000Z');
  expect(state('2026-03-02T03:00:00Z', nightly, early, weekend)).toBe('2026-03-02T21:00:00.000Z');
});

describe('the hours are those of the time zone, also when its clocks change', () => {
  const at = (hour: string, timeZone: string, duration = '2h') => ({
    cron: `${hour} * * *`,
    duration,
    timeZone,
  });

  it.each([
    ['a summer night in Berlin', '2026-07-01T12:00:00Z', '2026-07-01T20:00:00.000Z'],
    ['a winter night in Berlin', '2026-12-01T12:00:00Z', '2026-12-01T21:00:00.000Z'],
  ])('%s', (_what, time, expected) => {
    expect(state(time, at('0 22', 'Europe/Berlin'))).toBe(expected);
  });

  it('a window lasts as long in the night in which an hour is left out, and ends an hour later by the clock', () => {
    // 01:00 to 03:00 of the winter clock; at 02:00 it becomes 03:00.
    const window = at('0 1', 'Europe/Berlin');
    expect(state('2026-03-29T00:00:00Z', window)).toBe('open');
    expect(state('2026-03-29T01:59:59Z', window)).toBe('open');
    expect(state('2026-03-29T02:00:00Z', window)).toBe('2026-03-29T23:00:00.000Z');
  });

  it('a window that opens in the hour that is left out opens right after it', () => {
    const window = at('30 2', 'Europe/Berlin', '1h');
    expect(state('2026-03-29T00:30:00Z', window)).toBe('2026-03-29T01:00:00.000Z');
    expect(state('2026-03-29T01:59:59Z', window)).toBe('open');
    expect(state('2026-03-29T02:00:00Z', window)).toBe('2026-03-30T00:30:00.000Z');
  });

  it('a window that opens in the hour that comes twice opens the first time only', () => {
    const window = at('30 2', 'Europe/Berlin', '30m');
    expect(state('2026-10-25T00:30:00Z', window)).toBe('open');
    // 02:30 again, of the winter clock.
    expect(state('2026-10-25T01:30:00Z', window)).toBe('2026-10-26T01:30:00.000Z');
  });

  it('a window lasts as long in the night in which an hour comes twice', () => {
    const window = at('0 1', 'Europe/Berlin');
    expect(state('2026-10-24T23:00:00Z', window)).toBe('open');
    expect(state('2026-10-25T00:59:59Z', window)).toBe('open');
    expect(state('2026-10-25T01:00:00Z', window)).toBe('2026-10-26T00:00:00.000Z');
  });

  it('a midnight that did not exist in São Paulo counts from one in the morning', () => {
    const window = at('0 0', 'America/Sao_Paulo', '1h');
    expect(state('2018-11-04T02:59:59Z', window)).toBe('2018-11-04T03:00:00.000Z');
    expect(state('2018-11-04T03:00:00Z', window)).toBe('open');
    expect(state('2018-11-04T04:00:00Z', window)).toBe('2018-11-05T02:00:00.000Z');
  });

  it('half an hour is left out on Lord Howe, and comes twice', () => {
    const window = at('15 2', 'Australia/Lord_Howe', '1h');
    expect(state('2026-10-03T15:00:00Z', window)).toBe('2026-10-03T15:30:00.000Z');
    const second = at('45 1', 'Australia/Lord_Howe', '15m');
    expect(state('2026-04-04T14:45:00Z', second)).toBe('open');
    expect(state('2026-04-04T15:15:00Z', second)).toBe('2026-04-05T15:15:00.000Z');
  });
});

describe('a window that cannot be read is closed, and the policy says why', () => {
  it.each<[string, object, string]>([
    ['a minute that does not exist', { cron: '99 9 * * *' }, 'cron "99 9 * * *" cannot be read'],
    ['words', { cron: 'every day at nine o’clock' }, 'Use five fields'],
    [
      'a day that does not exist',
      { cron: '0 0 31 2 *' },
      'cron "0 0 31 2 *" names a day that does not exist.',
    ],
    [
      'an unknown time zone',
      { cron: '0 9 * * *', timeZone: 'Mars/Olympus' },
      'timeZone "Mars/Olympus" is not known',
    ],
  ])('%s', (_what, window, problem) => {
    const bad = { duration: '1h', ...window };
    expect(state('2026-03-01T12:00:00Z', bad)).toBe('never');
    expect(windowProblems(policyWith(bad))).toEqual([expect.stringContaining(problem)]);
    // The others count.
    expect(state('2026-03-01T12:00:00Z', bad, nightly)).toBe('2026-03-01T22:00:00.000Z');
    expect(windowProblems(policyWith(nightly, bad))).toEqual([
      expect.stringContaining('spec.maintenance.windows[1] is treated as closed'),
    ]);
  });

  it('of a window that can be read nothing is said', () => {
    expect(windowProblems(policyWith(nightly))).toEqual([]);
  });
});
