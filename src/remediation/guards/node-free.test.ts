import { describe, expect, it } from 'vitest';
import { aNode, aRemediation, aSituation, isoAt } from '../../../test/support/objects/builders.ts';
import { pass } from '../verdict.ts';
import { nodeIsFree } from './node-free.ts';

const heldBy = (remediation: string) => ({
  quarantine: { remediation, strategy: 'Cordon', wasUnschedulable: false, since: isoAt(-5) } as const,
});
const on = (node: Parameters<typeof aNode>[0]) => nodeIsFree(aSituation({ world: { node: aNode(node) } }));

describe('a repair waits', () => {
  it('while another remediation holds the node; the message names both', () => {
    expect(on(heldBy('older'))).toMatchObject({
      kind: 'wait',
      reason: 'NodeHeld',
      message: 'Node node-1 is still held by remediation older.',
    });
  });

  it('while another remediation of the node was admitted, and will hold it', () => {
    const remediation = aRemediation();
    const admitted = { ...aRemediation({ status: { phase: 'Quarantining' } }), name: 'older' };
    const world = { remediations: [remediation, admitted] };
    expect(nodeIsFree(aSituation({ remediation, world }))).toMatchObject({
      kind: 'wait',
      message: expect.stringContaining('older'),
    });
  });

  it('while the quarantine annotation of the node cannot be parsed', () => {
    expect(on({ hasUnreadableRecord: true })).toMatchObject({ kind: 'wait', reason: 'NodeHeld' });
  });

  it('but not while it holds the node itself', () => {
    expect(on(heldBy('node-1-incident'))).toEqual(pass);
  });
});
