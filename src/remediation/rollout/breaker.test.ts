import { describe, expect, it } from 'vitest';
import { aPolicySpec, aRemediation, at, isoAt } from '../../../test/support/objects/builders.ts';
import type { Remediation } from '../world.ts';
import { breakerOf } from './breaker.ts';

const failed = (node: string, secondsAgo: number, overrides: Partial<Remediation> = {}) => ({
  ...aRemediation({
    node,
    status: { phase: 'RolledBack', reason: 'KubeletDidNotComeUp', finishedAt: isoAt(-secondsAgo) },
  }),
  ...overrides,
});
const breaker = (fields: object, ...records: readonly Remediation[]) =>
  breakerOf(records, null, aPolicySpec({ breaker: fields }), at(0));

describe('the breaker opens', () => {
  it('at the first failure, if nothing else is said, until that is acknowledged', () => {
    expect(breaker({}, failed('node-1', 90_000))).toMatchObject({
      open: true,
      closesAt: null,
      message:
        'The repair of node node-1 ended as RolledBack (KubeletDidNotComeUp). Further repairs are stopped until its remediation is acknowledged: `kubectl dnshealth acknowledge node-1-incident` (without the plugin: `kubectl annotate dnsrem node-1-incident dnshealth.io/acknowledged=true`).',
    });
    expect(breaker({}, failed('node-1', 60, { acknowledged: true })).open).toBe(false);
  });

  it('at so many failures, of which each one that is acknowledged counts no more', () => {
    const two = [failed('node-1', 60), failed('node-2', 30)];
    expect(breaker({ failures: 2 }, ...two.slice(1)).open).toBe(false);
    expect(breaker({ failures: 2 }, ...two)).toMatchObject({
      open: true,
      message: expect.stringContaining('These ended badly as well: node-2-incident.'),
    });
    expect(breaker({ failures: 2 }, failed('node-1', 60, { acknowledged: true }), ...two.slice(1)).open).toBe(
      false,
    );
  });

  it('at a record that this version cannot read: what it did is not known', () => {
    expect(breaker({}, { ...aRemediation(), unreadable: 'a phase that is not known' }).open).toBe(true);
  });
});

describe('the breaker closes by itself', () => {
  it('once fewer than so many failures are younger than windowMinutes', () => {
    const fields = { failures: 2, windowMinutes: 10 };
    const records = [failed('node-1', 500), failed('node-2', 300), failed('node-3', 100)];
    // Then node-2 counts no more, and one failure is left.
    expect(breaker(fields, ...records)).toMatchObject({ open: true, closesAt: at(300) });
    expect(breakerOf(records, null, aPolicySpec({ breaker: fields }), at(299)).open).toBe(true);
    expect(breakerOf(records, null, aPolicySpec({ breaker: fields }), at(300)).open).toBe(false);
  });
});

it('the breaker of another policy stays closed', () => {
  const rollout = { policyUID: 'policy-2', workload: { kind: 'Deployment', name: 'other' } } as const;
  expect(breakerOf([failed('node-1', 60)], rollout, aPolicySpec(), at(0)).open).toBe(false);
});
