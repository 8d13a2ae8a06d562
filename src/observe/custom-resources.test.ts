import { describe, expect, it } from 'vitest';
import { ZodError } from 'zod';
import { aRemediation, at } from '../../test/support/objects/builders.ts';
import { stampAt } from '../../test/support/objects/raw-objects.ts';
import { policySpecSchema } from '../api/policy.ts';
import { parsePolicy, parseRemediation } from './custom-resources.ts';

const metadata = { name: 'coredns', uid: 'policy-1', resourceVersion: '9', creationTimestamp: stampAt(0) };

describe('a policy at the border', () => {
  it('has all defaults if nothing is set, like one that an older version stored', () => {
    for (const raw of [{ metadata }, { metadata, spec: {} }])
      expect(parsePolicy(raw)).toMatchObject({
        name: 'coredns',
        createdAt: at(0),
        generation: 1,
        spec: policySpecSchema.parse({}),
        status: { conditions: [], observations: [], quarantined: 0, repaired: 0 },
      });
  });

  it('gets the defaults of fields that are missing in a section', () => {
    const { spec } = parsePolicy({ metadata, spec: { quarantine: { strategy: 'Taint' } } });
    expect(spec.quarantine).toEqual({ strategy: 'Taint', maxSeconds: 480 });
    expect(spec.mode).toBe('Repair');
  });

  it('is rejected if a field is invalid', () => {
    for (const spec of [
      { mode: 'Maybe' },
      { repair: { targets: ['/etc/shadow'] } },
      { limits: { maxConcurrent: 0 } },
    ])
      expect(() => parsePolicy({ metadata, spec })).toThrow(ZodError);
    expect(() => parsePolicy({ spec: {} })).toThrow(ZodError);
  });
});

describe('a remediation at the border', () => {
  const { spec } = aRemediation();

  it('is Pending if no status was written yet', () => {
    const remediation = parseRemediation({ metadata, spec });
    expect(remediation.status).toMatchObject({
      phase: 'Pending',
      steps: [],
      deletedPods: [],
      conditions: [],
    });
    expect(remediation.acknowledged).toBe(false);
  });

  it('is acknowledged only by the value "true"', () => {
    const acknowledged = (value: string) =>
      parseRemediation({
        metadata: { ...metadata, annotations: { 'dnshealth.io/acknowledged': value } },
        spec,
      }).acknowledged;
    expect(['true', 'false', '', 'True'].filter(acknowledged)).toEqual(['true']);
  });

  it('does not hold its evidence, whatever that is: the caches would, a thousand times', () => {
    for (const evidence of [{ log: ['a'] }, { log: 7, of: 'another version' }, null, 'text']) {
      const { spec: kept, unreadable } = parseRemediation({ metadata, spec: { ...spec, evidence } });
      expect(unreadable).toBeNull();
      expect(kept).toEqual(spec);
    }
  });

  it('is rejected if it does not say whose it is', () => {
    expect(() => parseRemediation({ metadata, spec: { ...spec, node: undefined } })).toThrow(ZodError);
  });

  it.each<[string, object]>([
    ['status', { spec, status: { phase: 'Dreaming', finishedAt: stampAt(5) } }],
    ['evidence', { spec: { ...spec, sighting: {} }, status: { phase: 'Healed' } }],
    ['settings', { spec: { ...spec, settings: { mode: 'Dream' } }, status: { phase: 'Pending' } }],
  ])('counts as failed, for its policy and its node, if its %s is of another version', (_what, parts) => {
    expect(parseRemediation({ metadata, ...parts })).toMatchObject({
      name: 'coredns',
      spec: { policy: spec.policy, node: spec.node },
      status: { phase: 'Failed', reason: 'Unreadable' },
      unreadable: expect.any(String),
    });
    expect(parseRemediation({ metadata, spec }).unreadable).toBeNull();
  });
});
