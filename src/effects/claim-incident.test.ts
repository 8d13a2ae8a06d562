import { expect, it } from 'vitest';
import { aRemediation } from '../../test/support/objects/builders.ts';
import { kubeError } from '../../test/support/objects/fake-kube.ts';
import type { KubeClient } from '../kube/client.ts';
import { claimIncident } from './claim-incident.ts';

const { name, spec } = aRemediation();

async function claim(failure?: Error) {
  const created: unknown[] = [];
  const create = async (object: unknown) => {
    if (failure) throw failure;
    created.push(object);
  };
  const kube = { customResource: () => ({ create }) } as unknown as KubeClient;
  return { claimed: await claimIncident(kube, { name, spec }, new AbortController().signal), created };
}

it('an incident is created once, with its evidence', async () => {
  const { claimed, created } = await claim();
  expect(claimed).toBe('created');
  expect(created).toEqual([
    { apiVersion: 'dnshealth.io/v1alpha1', kind: 'DNSRemediation', metadata: { name }, spec },
  ]);
});

it('an incident that was already claimed is left alone', async () => {
  expect((await claim(kubeError(409, 'AlreadyExists'))).claimed).toBe('exists');
});

it('a claim fails with any other error', async () => {
  await expect(claim(kubeError(403, 'Forbidden'))).rejects.toThrow('403');
});
