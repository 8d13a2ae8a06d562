import { describe, expect, it } from 'vitest';
import { aRemediation, aSituation } from '../../../test/support/objects/builders.ts';
import { pass } from '../verdict.ts';
import type { Remediation } from '../world.ts';
import { rolloutContinues } from './rollout-continues.ts';

const after = (failed: Remediation) => {
  const remediation = aRemediation();
  return rolloutContinues(aSituation({ remediation, world: { remediations: [failed, remediation] } }));
};
const status = { phase: 'RolledBack', reason: 'KubeletDidNotComeUp' } as const;

describe('after a repair that went wrong', () => {
  it('a repair of another node waits, and the message says how to acknowledge it', () => {
    expect(after(aRemediation({ node: 'node-2', status }))).toMatchObject({
      kind: 'wait',
      reason: 'RolloutHalted',
      message: expect.stringContaining('kubectl annotate dnsrem node-2-incident'),
    });
  });

  it('a repair may begin once that is acknowledged', () => {
    expect(after(aRemediation({ node: 'node-2', acknowledged: true, status }))).toEqual(pass);
  });

  it('a repair also waits under a policy that was deleted and applied again', () => {
    const failed = aRemediation({ node: 'node-2', status });
    const spec = { ...failed.spec, policy: { name: 'coredns', uid: 'the-one-before' } };
    expect(after({ ...failed, spec })).toMatchObject({ kind: 'wait', reason: 'RolloutHalted' });
  });

  it('a repair of another workload under another policy may begin', () => {
    const failed = aRemediation({ node: 'node-2', settings: { workload: { name: 'other' } }, status });
    const spec = { ...failed.spec, policy: { name: 'other', uid: 'policy-2' } };
    expect(after({ ...failed, spec })).toEqual(pass);
  });
});
