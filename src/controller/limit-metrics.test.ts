import { expect, it } from 'vitest';
import { aPolicySpec, aRemediation, at, isoAt } from '../../test/support/objects/builders.ts';
import { createMetrics } from '../runtime/metrics.ts';
import { createLimitMetrics } from './limit-metrics.ts';

function setup() {
  const metrics = createMetrics();
  const policy = { name: 'default', uid: 'policy-1', spec: aPolicySpec() };
  const state = {
    policies: [policy],
    remediations: [aRemediation()],
    pause: null as { reason: string; by: string } | null,
  };
  const stores = {
    policies: { list: () => state.policies },
    remediations: { list: () => state.remediations },
    ownNamespace: { get: () => ({ name: 'dnshealth-system', pause: state.pause }) },
  } as unknown as Parameters<typeof createLimitMetrics>[1];
  createLimitMetrics(metrics, stores, () => at(0));
  const lines = async () => (await metrics.scrape()).text.split('\n');
  return { state, policy, lines };
}

it('before anything happens, nothing waits, no breaker is open and nothing is paused', async () => {
  const lines = await setup().lines();
  for (const line of [
    'dnshealth_waiting{reason="OutsideWindow"} 0',
    'dnshealth_waiting{reason="Paused"} 0',
    'dnshealth_breaker_open{policy="default"} 0',
    'dnshealth_paused{policy="default"} 0',
  ])
    expect(lines).toContain(line);
});

it('what waits is counted by its reason, and no longer once it does not wait', async () => {
  const { state, lines } = setup();
  const waiting = (node: string) =>
    aRemediation({ node, status: { phase: 'Pending', reason: 'NodeNotReady' } });
  state.remediations = [waiting('node-1'), waiting('node-2')];
  expect(await lines()).toContain('dnshealth_waiting{reason="NodeNotReady"} 2');
  state.remediations = [];
  expect((await lines()).some((line) => line.includes('NodeNotReady'))).toBe(false);
});

it('an open breaker shows, and a policy that is gone does not', async () => {
  const { state, lines } = setup();
  state.remediations = [aRemediation({ status: { phase: 'RolledBack', finishedAt: isoAt(-1) } })];
  expect(await lines()).toContain('dnshealth_breaker_open{policy="default"} 1');
  state.policies = [];
  expect((await lines()).some((line) => line.startsWith('dnshealth_breaker_open{'))).toBe(false);
});

it('a pause of the policy shows, and so does one of all policies', async () => {
  const { state, policy, lines } = setup();
  state.policies = [{ ...policy, spec: aPolicySpec({ pause: [{ reason: 'upgrade', by: 'anna' }] }) }];
  expect(await lines()).toContain('dnshealth_paused{policy="default"} 1');
  state.policies = [policy];
  expect(await lines()).toContain('dnshealth_paused{policy="default"} 0');
  state.pause = { reason: 'incident', by: 'anna' };
  expect(await lines()).toContain('dnshealth_paused{policy="default"} 1');
});
