import { expect, it } from 'vitest';
import { isoAt } from '../../../test/support/objects/builders.ts';
import { breakerTurned } from './breaker-events.ts';

const policy = { name: 'default', uid: 'policy-1' };
const open = { status: 'True', message: 'The repair of node node-1 ended as RolledBack.' } as const;
const closed = { status: 'False', message: 'No failed repair stops further ones.' } as const;
const saying = (condition: typeof open | typeof closed | null) => ({
  conditions: condition
    ? [{ type: 'BreakerOpen', reason: 'x', lastTransitionTime: isoAt(0), ...condition }]
    : [],
});

it('a breaker that opens is a warning that says why, and one that closes is an event as well', () => {
  expect(breakerTurned(policy, saying(closed), saying(open))).toEqual([
    {
      about: [{ kind: 'policy', ...policy }],
      type: 'Warning',
      reason: 'BreakerOpened',
      action: 'Limit',
      note: open.message,
    },
  ]);
  expect(breakerTurned(policy, saying(null), saying(open))).toMatchObject([{ reason: 'BreakerOpened' }]);
  expect(breakerTurned(policy, saying(open), saying(closed))).toMatchObject([
    { type: 'Normal', reason: 'BreakerClosed' },
  ]);
});

it('a breaker that stays as it was is no event, and neither is one that was always closed', () => {
  for (const [before, after] of [
    [open, open],
    [closed, closed],
    [null, closed],
    [open, null],
  ] as const)
    expect(breakerTurned(policy, saying(before), saying(after))).toEqual([]);
});
