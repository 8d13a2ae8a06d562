import { expect, it } from 'vitest';
import { at } from '../../../test/support/objects/builders.ts';
import { fakeKube } from '../../../test/support/objects/fake-kube.ts';
import { stampAt } from '../../../test/support/objects/raw-objects.ts';
import { createPolicyReconciler } from './policy-controller.ts';

it('a policy that hundreds of changes concern is read twice a second', async () => {
  const fake = fakeKube();
  let now = at(0);
  const dnsPods = { list: () => [], keys: () => [], get: () => undefined, onChange: () => () => {} };
  const parts = { kube: fake.kube, stores: { dnsPods }, now: () => now };
  const run = createPolicyReconciler(parts as unknown as Parameters<typeof createPolicyReconciler>[0]);
  // As one that exists: what was deleted is forgotten.
  fake.answers.set('/apis/dnshealth.io/v1alpha1/dnshealthpolicies/coredns', new Error('unreachable'));
  const { signal } = new AbortController();
  await expect(run('coredns', signal)).rejects.toThrow('unreachable');
  now = at(0.2);
  expect(await run('coredns', signal)).toEqual({ kind: 'requeue', afterMs: 300 });
  expect(fake.asked).toHaveLength(1);
  now = at(0.5);
  await expect(run('coredns', signal)).rejects.toThrow('unreachable');
});

it('a policy whose spec is not valid any more says so with the field, and keeps what it showed', async () => {
  const fake = fakeKube();
  const dnsPods = { list: () => [], keys: () => [], get: () => undefined, onChange: () => () => {} };
  const parts = { kube: fake.kube, stores: { dnsPods }, now: () => at(0) };
  const run = createPolicyReconciler(parts as unknown as Parameters<typeof createPolicyReconciler>[0]);
  fake.answers.set('/apis/dnshealth.io/v1alpha1/dnshealthpolicies/coredns', {
    metadata: { name: 'coredns', uid: 'policy-1', generation: 4, creationTimestamp: stampAt(0) },
    spec: { maintenance: { windows: [{ cron: '61 * * * *', duration: '1h' }] } },
    status: { repaired: 7 },
  });
  expect(await run('coredns', new AbortController().signal)).toEqual({ kind: 'done' });
  expect(fake.replaced).toMatchObject([
    {
      status: {
        repaired: 7,
        observedGeneration: 4,
        conditions: [
          {
            type: 'Ready',
            status: 'False',
            reason: 'InvalidSpec',
            observedGeneration: 4,
            message: expect.stringContaining('spec.maintenance.windows.0.cron: minute (first field)'),
          },
          { type: 'Degraded', status: 'True', reason: 'InvalidSpec' },
          { type: 'Active', status: 'False', reason: 'InvalidSpec' },
        ],
      },
    },
  ]);
});
