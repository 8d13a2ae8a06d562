import { describe, expect, it } from 'vitest';
import { aPolicySpec, aRemediation, aSituation, at, isoAt } from '../../../test/support/objects/builders.ts';
import { pass } from '../verdict.ts';
import type { Remediation } from '../world.ts';
import { breakerClosed } from './breaker-closed.ts';

const after = (failed: Remediation, breaker: object = {}) => {
  const remediation = aRemediation();
  return breakerClosed(
    aSituation({
      policy: aPolicySpec({ breaker }),
      remediation,
      now: at(0),
      world: { remediations: [failed, remediation] },
    }),
  );
};
const status = { phase: 'RolledBack', reason: 'KubeletDidNotComeUp', finishedAt: isoAt(-60) } as const;

describe('after a repair that went wrong', () => {
  it('a repair of another node waits, and the message says how to acknowledge it', () => {
    expect(after(aRemediation({ node: 'node-2', status }))).toMatchObject({
      kind: 'wait',
      reason: 'BreakerOpen',
      message: expect.stringContaining('kubectl dnshealth acknowledge node-2-incident'),
      recheckMs: 600_000,
    });
  });

  it('looks again at the moment at which the failure counts no more', () => {
    expect(after(aRemediation({ node: 'node-2', status }), { windowMinutes: 2 })).toMatchObject({
      recheckMs: 60_000,
    });
  });

  it('a repair may begin once that is acknowledged', () => {
    expect(after(aRemediation({ node: 'node-2', acknowledged: true, status }))).toEqual(pass);
  });

  it('a repair also waits under a policy that was deleted and applied again', () => {
    const failed = aRemediation({ node: 'node-2', status });
    const spec = { ...failed.spec, policy: { name: 'coredns', uid: 'the-one-before' } };
    expect(after({ ...failed, spec })).toMatchObject({ kind: 'wait', reason: 'BreakerOpen' });
  });

  it('a repair of another workload under another policy may begin', () => {
    const failed = aRemediation({ node: 'node-2', settings: { workload: { name: 'other' } }, status });
    const spec = { ...failed.spec, policy: { name: 'other', uid: 'policy-2' } };
    expect(after({ ...failed, spec })).toEqual(pass);
  });
});
