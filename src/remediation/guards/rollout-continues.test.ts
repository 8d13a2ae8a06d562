import { describe, expect, it } from 'vitest';
import { aRemediation, aSituation } from '../../../test/support/objects/builders.ts';
import { pass } from '../verdict.ts';
import { rolloutContinues } from './rollout-continues.ts';

const quarantine = { strategy: 'Cordon', nodeWasUnschedulable: false } as const;
const after = (failed: ReturnType<typeof aRemediation>) => {
  const remediation = aRemediation();
  return rolloutContinues(aSituation({ remediation, world: { remediations: [failed, remediation] } }));
};

describe('after a failure', () => {
  const status = { phase: 'Failed', quarantine } as const;

  it('a repair of another node waits, and the message says how to acknowledge the failure', () => {
    expect(after(aRemediation({ node: 'node-2', status }))).toMatchObject({
      kind: 'wait',
      reason: 'RolloutHalted',
      message: expect.stringContaining('kubectl annotate dnsrem node-2-incident'),
    });
  });

  it('a repair may begin once the failure is acknowledged', () => {
    expect(after(aRemediation({ node: 'node-2', acknowledged: true, status }))).toEqual(pass);
  });
});
