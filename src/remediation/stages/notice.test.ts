import { describe, expect, it } from 'vitest';
import { aNode, aRemediation, aSituation, at, isoAt } from '../../../test/support/objects/builders.ts';
import type { Interference } from '../../api/interference.ts';
import { afterFinding } from '../record/status.ts';
import type { NodeView } from '../world.ts';
import { notice } from './notice.ts';

const seen = (what: Interference['what'], second = 4): Interference => ({
  at: isoAt(second),
  what,
  message: '',
});

function look(
  strategy: 'Cordon' | 'Taint',
  node: Partial<NodeView>,
  { interference = [] as readonly Interference[], wasUnschedulable = false, heldSince = isoAt(2) } = {},
) {
  const remediation = aRemediation({
    status: {
      phase: 'Repairing',
      quarantine: { strategy, nodeWasUnschedulable: wasUnschedulable, heldSince },
      interference: [...interference],
    },
  });
  const quarantine = {
    remediation: remediation.name,
    uid: remediation.uid,
    strategy,
    wasUnschedulable,
    since: heldSince,
  };
  const unschedulable = strategy === 'Cordon' || wasUnschedulable;
  return notice(aSituation({ remediation, world: { node: aNode({ quarantine, unschedulable, ...node }) } }));
}

describe('a node in our quarantine', () => {
  it.each(['Cordon', 'Taint'] as const)('that nobody touched is nothing to notice: %s', (strategy) => {
    expect(look(strategy, {})).toEqual({ kind: 'pass' });
    expect(look(strategy, {}, { wasUnschedulable: true })).toEqual({ kind: 'pass' });
  });

  it.each([
    ['cordoned it', 'Taint', { unschedulable: true }, false, 'Cordoned', 'kubectl uncordon node-1'],
    ['uncordoned it', 'Cordon', { unschedulable: false }, false, 'Uncordoned', 'not cordoned again'],
    [
      'lifted a cordon from before',
      'Taint',
      { unschedulable: false },
      true,
      'Uncordoned',
      'not cordoned again',
    ],
    ['removed the taint', 'Taint', { tainted: false }, false, 'TaintRemoved', 'not put back'],
  ] as const)('is noticed if someone %s', (_what, strategy, node, wasUnschedulable, what, says) => {
    expect(look(strategy, node, { wasUnschedulable })).toMatchObject({
      kind: 'record',
      finding: { kind: 'interfered', what, message: expect.stringContaining(says) },
    });
  });

  it('is noticed once for each time that someone changes it', () => {
    expect(look('Taint', { unschedulable: true }, { interference: [seen('Cordoned')] })).toEqual({
      kind: 'pass',
    });
    expect(look('Taint', { unschedulable: false }, { interference: [seen('Cordoned')] })).toMatchObject({
      finding: { what: 'Uncordoned' },
    });
    expect(look('Taint', { tainted: false }, { interference: [seen('TaintRemoved')] })).toEqual({
      kind: 'pass',
    });
  });

  it('is compared with this quarantine, not with what was done during an earlier one', () => {
    const interference = [seen('Cordoned', 1)];
    expect(look('Taint', { unschedulable: true }, { interference })).toMatchObject({
      finding: { what: 'Cordoned' },
    });
  });

  it('is noticed once, although the clock was put back since the quarantine began', () => {
    const { status } = aRemediation({
      status: { quarantine: { strategy: 'Taint', nodeWasUnschedulable: false, heldSince: isoAt(40) } },
    });
    const finding = { kind: 'interfered', what: 'Cordoned', message: '' } as const;
    const { interference } = afterFinding(status, finding, at(10));
    expect(look('Taint', { unschedulable: true }, { interference, heldSince: isoAt(40) })).toEqual({
      kind: 'pass',
    });
  });

  it('that another remediation holds, or nobody, is not ours to speak of', () => {
    expect(look('Taint', { quarantine: null, unschedulable: true })).toEqual({ kind: 'pass' });
  });
});
