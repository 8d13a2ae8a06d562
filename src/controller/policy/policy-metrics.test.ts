import { expect, it } from 'vitest';
import { aPolicySpec, aRemediation, isoAt } from '../../../test/support/objects/builders.ts';
import type { Condition } from '../../api/primitives.ts';
import type { Remediation } from '../../remediation/world.ts';
import { createMetrics } from '../../runtime/metrics.ts';
import { createPolicyMetrics } from './policy-metrics.ts';

const condition = (type: string, status: Condition['status'], reason: string) => ({
  type,
  status,
  reason,
  message: '',
  observedGeneration: 1,
  lastTransitionTime: isoAt(0),
});

function setup(remediations: readonly Remediation[] = []) {
  const metrics = createMetrics();
  const policy = {
    name: 'default',
    uid: remediations[0]?.spec.policy.uid ?? 'policy-1',
    spec: aPolicySpec(),
    status: { conditions: [condition('Healthy', 'False', 'LoopDetected')] },
  };
  const state = { policies: [policy], remediations };
  createPolicyMetrics(metrics, {
    policies: { list: () => state.policies },
    remediations: { list: () => state.remediations },
    nodes: { get: () => undefined },
  } as unknown as Parameters<typeof createPolicyMetrics>[1]);
  const lines = async () => (await metrics.scrape()).text.split('\n');
  return { state, policy, lines };
}

it('a condition shows with its status and its reason, and no longer once it says something else', async () => {
  const { policy, lines } = setup();
  const looping =
    'dnshealth_policy_condition{policy="default",condition="Healthy",status="False",reason="LoopDetected"} 1';
  expect(await lines()).toContain(looping);
  policy.status.conditions = [condition('Healthy', 'True', 'AllPodsAnswer')];
  expect(await lines()).not.toContain(looping);
  expect(await lines()).toContain(
    'dnshealth_policy_condition{policy="default",condition="Healthy",status="True",reason="AllPodsAnswer"} 1',
  );
});

it('a policy that is gone shows nothing', async () => {
  const { state, lines } = setup();
  state.policies = [];
  expect((await lines()).filter((line) => line.startsWith('dnshealth_'))).toEqual([]);
});

it('each outcome that needs a person exists with 0 before anything happens', async () => {
  const seen = await setup().lines();
  for (const outcome of ['Refused', 'RolledBack', 'Failed'])
    expect(seen).toContain(`dnshealth_needs_attention{policy="default",outcome="${outcome}"} 0`);
});

it('an incident that ended badly counts until it is acknowledged', async () => {
  const failed = aRemediation({ status: { phase: 'Failed', finishedAt: isoAt(30) } });
  const { state, lines } = setup([failed]);
  expect(await lines()).toContain('dnshealth_needs_attention{policy="default",outcome="Failed"} 1');
  state.remediations = [{ ...failed, acknowledged: true }];
  expect(await lines()).toContain('dnshealth_needs_attention{policy="default",outcome="Failed"} 0');
});

it('a plan that a person rejected, and a rollback that was asked for, do not count', async () => {
  const { lines } = setup([
    aRemediation({ node: 'node-1', status: { phase: 'Refused', reason: 'Rejected' } }),
    aRemediation({ node: 'node-2', status: { phase: 'RolledBack', reason: 'RolledBackOnRequest' } }),
  ]);
  expect((await lines()).filter((line) => /^dnshealth_needs_attention.* [1-9]/.test(line))).toEqual([]);
});

it('an incident that ended badly still counts while the next one of its node waits, and not once that has begun', async () => {
  const [before, after] = [isoAt(0), isoAt(60)].map((time) => Date.parse(time));
  const failed = { ...aRemediation({ status: { phase: 'RolledBack' } }), createdAt: before ?? 0 };
  const next = { ...aRemediation({ status: { phase: 'Pending' } }), name: 'next', createdAt: after ?? 0 };
  const { state, lines } = setup([failed, next]);
  expect(await lines()).toContain('dnshealth_needs_attention{policy="default",outcome="RolledBack"} 1');
  state.remediations = [failed, { ...next, status: { ...next.status, phase: 'Repairing' } }];
  expect(await lines()).toContain('dnshealth_needs_attention{policy="default",outcome="RolledBack"} 0');
});
