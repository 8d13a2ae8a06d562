import { describe, expect, it } from 'vitest';
import {
  aPolicySpec,
  aRemediation,
  aRepairReport,
  aSituation,
  at,
  isoAt,
} from '../../../test/support/objects/builders.ts';
import { aPlan } from '../../../test/support/objects/plans.ts';
import type { PolicySpec } from '../../api/policy.ts';
import { pass } from '../verdict.ts';
import type { Remediation } from '../world.ts';
import { hasSlot } from './has-slot.ts';

const among = (remediation: Remediation, ...others: readonly Remediation[]) =>
  hasSlot(aSituation({ remediation, world: { remediations: [...others, remediation] } }));
const healed = (settings: object = {}, status: object = {}) =>
  aRemediation({
    node: 'node-9',
    settings,
    status: { phase: 'Healed', finishedAt: isoAt(-60), repair: aRepairReport(), ...status },
  });
const pending = (node: string, reason?: string, overrides: object = {}) =>
  aRemediation({ node, status: { phase: 'Pending', ...(reason ? { reason } : {}) }, ...overrides });
const waitsFor = (what: string) => ({
  kind: 'wait',
  reason: 'OtherNodeUnderRepair',
  message: `Waiting for ${what} repaired at the same time.`,
});

describe('a repair waits', () => {
  it.each(['Quarantining', 'Repairing', 'Verifying'] as const)(
    'while another node is %s, however young that incident is; the message names node and remediation',
    (phase) => {
      const busy = aRemediation({ node: 'node-2', createdAt: at(5), status: { phase } });
      expect(among(aRemediation(), busy)).toEqual({
        ...waitsFor('node node-2 (node-2-incident): only one node is'),
        recheckMs: 60_000,
      });
    },
  );

  it('while the node of a failed repair is still in quarantine', () => {
    const quarantine = { strategy: 'Taint', nodeWasUnschedulable: false, heldSince: isoAt(0) } as const;
    const held = aRemediation({ node: 'node-2', status: { phase: 'Failed', quarantine } });
    expect(among(aRemediation(), held)).toMatchObject({ kind: 'wait' });
  });

  it('while the node of an attempt that ended is not released yet', () => {
    const quarantine = { strategy: 'Taint', nodeWasUnschedulable: false, heldSince: isoAt(0) } as const;
    const held = pending('node-2', 'AwaitingRetry');
    const status = { ...held.status, quarantine };
    expect(among(aRemediation(), { ...held, status })).toMatchObject({ kind: 'wait' });
  });

  it('while an older claim has not begun: of two, exactly one begins', () => {
    const first = aRemediation({ node: 'node-1', createdAt: at(1) });
    const second = aRemediation({ node: 'node-2', createdAt: at(1) });
    const kinds = [among(first, second), among(second, first)].map(({ kind }) => kind);
    expect(kinds.toSorted()).toEqual(['pass', 'wait']);
  });
});

describe('an older incident that cannot begin', () => {
  it.each(['NodeHeld', 'NodeNotReady', 'LastServingPod', 'AwaitingRetry'])(
    'because of %s, does not stand in the way',
    (reason) => {
      const older = pending('node-2', reason, { createdAt: at(-60) });
      expect(among(pending('node-1', 'OtherNodeUnderRepair'), older)).toEqual(pass);
    },
  );

  it('because the last attempt of this one used up the hour, does not stand in the way', () => {
    const attempts = [
      { number: 1, startedAt: isoAt(-90), endedAt: isoAt(-60), reason: 'NodeNotReady', message: '' },
    ];
    const again = aRemediation({ status: { phase: 'Pending', attempts } });
    const older = pending('node-2', 'RepairsPerHour', { createdAt: at(-60) });
    expect(among(again, older)).toEqual(pass);
    expect(among(pending('node-1'), older)).toMatchObject({ kind: 'wait' });
  });

  it('because it was never decided on for a minute, does not stand in the way', () => {
    const undecided = pending('node-2', undefined, { createdAt: at(-60) });
    expect(among(pending('node-1'), undecided)).toEqual(pass);
    expect(among(pending('node-1'), { ...undecided, createdAt: at(-57) })).toMatchObject({ kind: 'wait' });
  });

  it('because it was planned for hours, stands in the line from the moment in which that is over', () => {
    const plan = aPlan({ madeAt: isoAt(-1) });
    const planned = pending('node-2', undefined, {
      createdAt: at(-7200),
      status: { phase: 'Pending', plan },
    });
    expect(among(pending('node-1'), planned)).toMatchObject({ kind: 'wait' });
    const approval = { hash: plan.hash, by: 'anna', at: isoAt(-1) };
    const approved = pending('node-2', undefined, {
      createdAt: at(-7200),
      status: { phase: 'Pending', plan: { ...plan, madeAt: isoAt(-7000) }, approval },
    });
    expect(among(pending('node-1'), approved)).toMatchObject({ kind: 'wait' });
    const undecided = { ...approved.status, approval: { ...approval, at: isoAt(-60) } };
    expect(among(pending('node-1'), { ...approved, status: undecided })).toEqual(pass);
  });

  it('because its own policy allows fewer nodes, does not stand in the way', () => {
    const older = pending('node-2', 'OtherNodeUnderRepair', { createdAt: at(-60) });
    const other = { ...older, spec: { ...older.spec, policy: { name: 'strict', uid: 'policy-2' } } };
    const busy = aRemediation({ node: 'node-3', status: { phase: 'Repairing' } });
    const remediation = aRemediation();
    const world = {
      remediations: [healed(), other, busy, remediation],
      slots: { 'policy-1': 2, 'policy-2': 1 },
    };
    expect(hasSlot(aSituation({ remediation, world }))).toEqual(pass);
  });
});

describe('two nodes are repaired at the same time, if the policy allows two,', () => {
  const busy = aRemediation({ node: 'node-2', status: { phase: 'Repairing' } });
  const two = aPolicySpec({ limits: { maxConcurrent: 2 } });
  const besideUnder = (policy: PolicySpec, ...others: readonly Remediation[]) =>
    hasSlot(aSituation({ policy, now: at(0), world: { remediations: [busy, ...others] } })).kind;
  const beside = (...others: readonly Remediation[]) => besideUnder(two, ...others);

  it('once a repair changed a node and healed it', () => {
    expect(beside(healed())).toBe('pass');
    expect(beside(healed({ limits: { maxConcurrent: 5 } }))).toBe('pass');
  });

  it('also of ten nodes with 20%, and not with 10%', () => {
    expect(besideUnder(aPolicySpec({ limits: { maxConcurrent: '20%' } }), healed())).toBe('pass');
    expect(besideUnder(aPolicySpec({ limits: { maxConcurrent: '19%' } }), healed())).toBe('wait');
  });

  it('as it says now, whatever it said when they were claimed', () => {
    const settings = { limits: { maxConcurrent: 5 } };
    const remediation = aRemediation({ settings });
    const world = { remediations: [busy, healed(), remediation] };
    expect(hasSlot(aSituation({ policy: two, remediation, world })).kind).toBe('pass');
    expect(hasSlot(aSituation({ remediation, world })).kind).toBe('wait');
  });

  it('but not three', () => {
    expect(beside(healed(), { ...busy, name: 'another' })).toBe('wait');
  });

  it.each<[string, readonly Remediation[]]>([
    ['before that', []],
    [
      'after an incident that found nothing to change',
      [healed({}, { repair: aRepairReport({ outcome: 'already-right' }) })],
    ],
    ['if it healed a day ago', [healed({}, { finishedAt: isoAt(-86_400) })]],
    ['if it was made with other settings', [healed({ repair: { acceptRisky: true } })]],
    [
      'if another one has gone wrong since',
      [
        healed(),
        aRemediation({
          node: 'node-8',
          acknowledged: true,
          status: { phase: 'RolledBack', finishedAt: isoAt(-30) },
        }),
      ],
    ],
    [
      'if it was the repair of another workload under another policy',
      [
        ((other) => ({ ...other, spec: { ...other.spec, policy: { name: 'b', uid: 'policy-2' } } }))(
          healed({ workload: { name: 'other' } }),
        ),
      ],
    ],
  ])('but not %s', (_when, others) => {
    expect(beside(...others)).toBe('wait');
  });
});

it('a repair that was admitted keeps its slot', () => {
  const busy = aRemediation({ node: 'node-2', status: { phase: 'Repairing' } });
  expect(among(aRemediation({ status: { phase: 'Quarantining' } }), busy)).toEqual(pass);
});

describe('when something is over that held all incidents of a policy, a closed window for example,', () => {
  const older = pending('node-2', 'OutsideWindow', { createdAt: at(-60) });

  it('the first of them begins, not the first that is read', () => {
    expect(among(pending('node-1', 'OutsideWindow'), older)).toMatchObject({ kind: 'wait' });
    expect(among(older, pending('node-1', 'OutsideWindow'))).toEqual(pass);
  });

  it('an incident of another policy does not wait for those that it still holds', () => {
    const other = { ...older, spec: { ...older.spec, policy: { name: 'b', uid: 'policy-2' } } };
    expect(among(pending('node-1'), other)).toEqual(pass);
  });
});
