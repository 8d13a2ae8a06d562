import { describe, expect, it } from 'vitest';
import {
  aGuardReport,
  aRemediation,
  aRepairReport,
  aSituation,
  at,
  isoAt,
  withRollback,
} from '../../../test/support/objects/builders.ts';
import type { RemediationStatus } from '../../api/remediation.ts';
import type { Remediation, World } from '../world.ts';
import { rollbackIsPossible } from './rollback-possible.ts';

const healed = (name: string, endedAt: number, status: Partial<RemediationStatus> = {}) =>
  aRemediation({
    name,
    uid: name,
    status: { phase: 'Healed', finishedAt: isoAt(endedAt), repair: aRepairReport(), ...status },
  });
const ask = (others: readonly Remediation[], world: Partial<World> = {}, now = at(100)) => {
  const remediation = withRollback(aRemediation({ name: 'back', uid: 'back' }));
  return rollbackIsPossible({
    ...aSituation({ remediation, world: { remediations: [...others, remediation], ...world } }),
    now,
  });
};

describe('a rollback that a person asked for', () => {
  it('is possible for the latest repair of a node', () => {
    expect(ask([healed('earlier', 5), healed('original', 9)])).toEqual({ kind: 'pass' });
  });

  it('is possible for a repair that later ended badly, if its change is still on the node', () => {
    expect(ask([healed('original', 9, { phase: 'Failed' })])).toEqual({ kind: 'pass' });
  });

  it.each<[string, string, readonly Remediation[], Partial<World>]>([
    ['the node is gone', 'NodeGone', [healed('original', 9)], { node: null }],
    ['the record of the repair was deleted', 'RecordDeleted', [], {}],
    ['it was undone before', 'RolledBackAlready', [healed('original', 9, { rolledBackBy: 'other' })], {}],
    [
      'it changed nothing',
      'NothingToRollBack',
      [healed('original', 9, { repair: aRepairReport({ outcome: 'already-right' }) })],
      {},
    ],
    [
      'its guard undid it',
      'NothingToRollBack',
      [healed('original', 9, { guard: aGuardReport({ outcome: 'rolled-back' }) })],
      {},
    ],
    [
      'the node was repaired again since',
      'RepairedAgainSince',
      [healed('original', 9), healed('later', 20)],
      {},
    ],
  ])('is refused if %s', (_what, reason, others, world) => {
    expect(ask(others, world)).toMatchObject({
      kind: 'end',
      ending: { phase: 'Refused', reason, hold: false },
    });
  });

  it('names the later repair, unless that one was undone', () => {
    expect(ask([healed('original', 9), healed('later', 20)])).toMatchObject({
      ending: { advice: expect.stringContaining('kubectl dnshealth rollback later') },
    });
    expect(ask([healed('original', 9), healed('later', 20, { rolledBackBy: 'x' })])).toEqual({
      kind: 'pass',
    });
  });

  it('expires if it could not begin within a day', () => {
    const day = 24 * 3600;
    expect(ask([healed('original', 9)], {}, at(day))).toEqual({ kind: 'pass' });
    expect(ask([healed('original', 9)], {}, at(day + 1))).toMatchObject({
      ending: { phase: 'Expired', reason: 'WaitedTooLong' },
    });
  });
});
