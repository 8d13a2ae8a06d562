import { describe, expect, it } from 'vitest';
import { aRemediation, isoAt, onControlPlane } from '../../../test/support/objects/builders.ts';
import { pass } from '../verdict.ts';
import type { Remediation } from '../world.ts';
import { controlPlaneIsFree } from './control-plane-free.ts';

const own = onControlPlane(aRemediation());
const among = (remediation: Remediation, ...others: readonly Remediation[]) =>
  controlPlaneIsFree({ remediation, world: { remediations: [...others, remediation] } });
const other = (status: Parameters<typeof aRemediation>[0]) =>
  onControlPlane(aRemediation({ node: 'node-2', ...status }));
const quarantine = { strategy: 'Taint', nodeWasUnschedulable: false, heldSince: isoAt(0) } as const;

describe('a control-plane node waits', () => {
  it('while another one is under repair, whatever the policy allows', () => {
    expect(among(own, other({ status: { phase: 'Repairing' } }))).toMatchObject({
      kind: 'wait',
      reason: 'ControlPlaneUnderRepair',
      message: 'Waiting for node node-2 (node-2-incident): control-plane nodes are repaired one at a time.',
    });
  });

  it('while another one is held after a failed repair', () => {
    expect(among(own, other({ status: { phase: 'Failed', quarantine } })).kind).toBe('wait');
  });
});

describe('a node does not wait for the control plane', () => {
  it.each([
    ['is itself a worker', aRemediation(), other({ status: { phase: 'Repairing' } })],
    ['waits with others that have not begun', own, other({ status: { phase: 'Pending' } })],
    [
      'finds only workers under repair',
      own,
      aRemediation({ node: 'node-2', status: { phase: 'Repairing' } }),
    ],
    ['comes after one that ended', own, other({ status: { phase: 'Healed', finishedAt: isoAt(9) } })],
  ])('if it %s', (_name, remediation, another) => {
    expect(among(remediation, another)).toBe(pass);
  });
});
