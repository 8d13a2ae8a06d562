import { describe, expect, it } from 'vitest';
import {
  aNode,
  aRemediation,
  aRepairReport,
  aRun,
  aSituation,
  at,
  isoAt,
} from '../../../test/support/objects/builders.ts';
import type { KubeletDirectory } from '../../api/agent-protocol.ts';
import type { World } from '../world.ts';
import { repair } from './repair.ts';

/** The agent has ended and asks for a directory, or not. */
function asking(
  needs: KubeletDirectory | undefined,
  given: KubeletDirectory | undefined,
  { deleting = false } = {},
) {
  const report = aRepairReport({
    outcome: 'refused',
    reason: 'DirectoryNotMounted',
    nodeUnchanged: true,
    ...(needs && { needs }),
  });
  const remediation = aRemediation({
    status: {
      steps: [{ name: 'Repair', startedAt: isoAt(1) }],
      ...(given && { repairDirectory: given }),
    },
  });
  const repairJob = aRun({
    state: 'ended',
    deleting,
    message: JSON.stringify({ ...report, nonce: remediation.uid }),
  });
  const world: Partial<World> = { node: aNode(), remediations: [remediation], repairJob };
  return aSituation({ remediation, now: at(3), world });
}

describe('an agent that may not write where the value stands', () => {
  it('is taken back, to be started with just that directory', () => {
    expect(repair(asking('/etc/default', undefined))).toEqual({
      kind: 'act',
      effect: { kind: 'move-repair', directory: '/etc/default' },
    });
  });

  it('is waited for while it goes, and its report is not taken for the second one’s', () => {
    expect(repair(asking('/etc/default', '/etc/default'))).toMatchObject({ kind: 'wait' });
    expect(repair(asking('/etc/default', undefined, { deleting: true }))).toMatchObject({ kind: 'wait' });
  });

  it('is not given a third directory', () => {
    expect(repair(asking('/etc/sysconfig', '/etc/default'))).toMatchObject({
      kind: 'record',
      finding: { report: { outcome: 'refused', needs: '/etc/sysconfig' } },
    });
  });

  it('is believed where it does not ask', () => {
    expect(repair(asking(undefined, undefined))).toMatchObject({ kind: 'record' });
  });
});
