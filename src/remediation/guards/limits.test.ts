import { describe, expect, it } from 'vitest';
import {
  aPolicySpec,
  aRemediation,
  aRepairReport,
  aSituation,
  at,
  isoAt,
  withDrift,
} from '../../../test/support/objects/builders.ts';
import type { RemediationStatus } from '../../api/remediation.ts';
import { pass } from '../verdict.ts';
import type { Remediation } from '../world.ts';
import { cooledDown } from './cooled-down.ts';
import type { Guard } from './guard.ts';
import { hourBudget } from './hour-budget.ts';
import { nodeBudget } from './node-budget.ts';

const HOUR = 3600;
/** A repair that began and ended at these seconds before now. */
const repaired = (node: string, began: number, ended: number, status: Partial<RemediationStatus> = {}) =>
  aRemediation({
    name: `${node}-${began}`,
    uid: `${node}-${began}`,
    node,
    createdAt: at(-began - 1),
    status: {
      phase: 'Healed',
      steps: [{ name: 'Quarantine', startedAt: isoAt(-began) }],
      repair: aRepairReport(),
      finishedAt: isoAt(-ended),
      ...status,
    },
  });
const asked = (guard: Guard, limits: object, others: readonly Remediation[], own = aRemediation()) =>
  guard(
    aSituation({
      policy: aPolicySpec({ limits }),
      remediation: own,
      now: at(0),
      world: { remediations: [...others, own] },
    }),
  );

describe('limits.perHour', () => {
  const limits = { perHour: 2 };
  const others = [repaired('node-2', 3000, 2900), repaired('node-3', 1000, 900)];

  it('holds a repair until the first of so many began an hour ago', () => {
    expect(asked(hourBudget, limits, others)).toMatchObject({
      kind: 'wait',
      reason: 'RepairsPerHour',
      recheckMs: 600_000,
    });
    expect(asked(hourBudget, limits, [repaired('node-2', HOUR, 2900), ...others.slice(1)])).toEqual(pass);
  });

  it('counts a repair whatever became of it, and one that was admitted a moment ago', () => {
    const failed = repaired('node-2', 3000, 2900, { phase: 'Failed', reason: 'NotVerified' });
    const admitted = aRemediation({ node: 'node-4', status: { phase: 'Quarantining' } });
    expect(asked(hourBudget, limits, [failed, admitted])).toMatchObject({ reason: 'RepairsPerHour' });
  });

  it('does not count incidents that never began, and those of another policy', () => {
    const cancelled = aRemediation({ node: 'node-2', status: { phase: 'Cancelled', finishedAt: isoAt(-9) } });
    const [other = cancelled] = others;
    const settings = { ...other.spec.settings, workload: { ...other.spec.settings.workload, name: 'b' } };
    const foreign = { ...other, spec: { ...other.spec, policy: { name: 'b', uid: 'policy-2' }, settings } };
    expect(asked(hourBudget, limits, [cancelled, foreign, ...others.slice(1)])).toEqual(pass);
  });

  it('unset, limits nothing', () => {
    expect(asked(hourBudget, {}, others)).toEqual(pass);
  });
});

describe('limits.perNode', () => {
  const limits = { perNode: 2 };
  const others = [repaired('node-1', 20 * HOUR, 19 * HOUR), repaired('node-1', 3000, 2900)];

  it('holds a repair of the node until the first of so many began a day ago, whatever they began with', () => {
    const [first = aRemediation(), ...rest] = others;
    expect(asked(nodeBudget, limits, [withDrift(first), ...rest])).toMatchObject({
      kind: 'wait',
      reason: 'RepairsPerNode',
      recheckMs: 4 * HOUR * 1000,
    });
    const old = repaired('node-1', 24 * HOUR, 19 * HOUR);
    expect(asked(nodeBudget, limits, [old, ...rest])).toEqual(pass);
  });

  it('does not hold a repair of another node', () => {
    expect(asked(nodeBudget, limits, others, aRemediation({ node: 'node-2' }))).toEqual(pass);
  });
});

describe('limits.coolDownSeconds', () => {
  const limits = { coolDownSeconds: 300 };

  it('holds the next repair, on any node, for so long after the end of the last one', () => {
    const last = repaired('node-2', 90, 60);
    expect(asked(cooledDown, limits, [last])).toMatchObject({ reason: 'CoolingDown', recheckMs: 240_000 });
    expect(asked(cooledDown, limits, [repaired('node-2', 400, 300)])).toEqual(pass);
  });

  it('does not count from a repair that is under way', () => {
    const { finishedAt: _end, ...status } = repaired('node-2', 90, 60).status;
    const busy = { ...aRemediation({ node: 'node-2' }), status: { ...status, phase: 'Proving' as const } };
    expect(asked(cooledDown, limits, [busy])).toEqual(pass);
  });
});

describe('limits.backOffSeconds', () => {
  const limits = { backOffSeconds: 600 };
  const ends = (...seconds: readonly number[]) => seconds.map((end) => repaired('node-1', end + 30, end));

  it.each([
    ['so long after the first repair', [60], 540],
    ['twice as long after the second', [3000, 60], 1140],
    ['eight times as long after the fourth', [9000, 6000, 3000, 60], 4740],
  ])('holds the next repair of a node %s', (_when, seconds, left) => {
    expect(asked(cooledDown, limits, ends(...seconds))).toMatchObject({
      kind: 'wait',
      reason: 'BackingOff',
      recheckMs: left * 1000,
    });
  });

  it('does not grow longer than a day', () => {
    const many = ends(...Array.from({ length: 20 }, (_, index) => 60 + index * 100));
    expect(asked(cooledDown, limits, many)).toMatchObject({ recheckMs: (24 * HOUR - 60) * 1000 });
  });

  it('does not count what ended a day before the last one, and does not hold other nodes', () => {
    expect(asked(cooledDown, limits, ends(24 * HOUR + 60, 60))).toMatchObject({ recheckMs: 540_000 });
    expect(asked(cooledDown, limits, ends(60), aRemediation({ node: 'node-2' }))).toEqual(pass);
  });
});
