import { describe, expect, it } from 'vitest';
import { aNode, aSituation, isoAt } from '../../../test/support/objects/builders.ts';
import { pass } from '../verdict.ts';
import { nodeIsFree } from './node-free.ts';

const heldBy = (remediation: string) => ({
  quarantine: { remediation, strategy: 'Cordon', wasUnschedulable: false, since: isoAt(-5) } as const,
});
const on = (node: Parameters<typeof aNode>[0]) => nodeIsFree(aSituation({ world: { node: aNode(node) } }));

describe('a repair waits', () => {
  it('while another remediation holds the node', () => {
    expect(on(heldBy('older'))).toMatchObject({ kind: 'wait', reason: 'NodeHeld' });
  });

  it('while the quarantine annotation of the node cannot be parsed', () => {
    expect(on({ hasUnreadableRecord: true })).toMatchObject({ kind: 'wait', reason: 'NodeHeld' });
  });

  it('but not while it holds the node itself', () => {
    expect(on(heldBy('node-1-incident'))).toEqual(pass);
  });
});
