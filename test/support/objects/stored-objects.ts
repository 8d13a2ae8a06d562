/** Objects as the API server stores them, for units that read them raw: a record from its parsed form, a policy, and who asks. */
import type * as z from 'zod';
import type { policySpecSchema } from '../../../src/api/policy.ts';
import type { Remediation } from '../../../src/remediation/world.ts';
import { type FakeKube, fakeKube } from './fake-kube.ts';

export const CUSTOM = '/apis/dnshealth.io/v1alpha1';

export const storedRecord = (
  { name, uid, createdAt, acknowledged, spec, status }: Remediation,
  annotations: Readonly<Record<string, string>> = {},
) => ({
  apiVersion: 'dnshealth.io/v1alpha1',
  kind: 'DNSRemediation',
  metadata: {
    name,
    uid,
    resourceVersion: '7',
    creationTimestamp: new Date(createdAt).toISOString(),
    annotations: {
      ...annotations,
      ...(acknowledged ? { 'dnshealth.io/acknowledged': 'true' } : {}),
    } as Readonly<Record<string, string>>,
  },
  spec,
  status,
});

export const storedPolicy = (name: string, spec: z.input<typeof policySpecSchema> = {}) => ({
  apiVersion: 'dnshealth.io/v1alpha1',
  kind: 'DNSHealthPolicy',
  metadata: { name, uid: `uid-of-${name}`, resourceVersion: '7', creationTimestamp: '2026-03-01T11:00:00Z' },
  spec,
  status: {},
});

type Object = { readonly metadata: { readonly name: string } };

/** A cluster with these objects, in which the user is "anna". */
export function askedCluster(objects: {
  readonly records?: readonly Object[];
  readonly policies?: readonly Object[];
}): FakeKube {
  const { records = [], policies = [] } = objects;
  return fakeKube({
    '/apis/authentication.k8s.io/v1/selfsubjectreviews': { status: { userInfo: { username: 'anna' } } },
    [`${CUSTOM}/dnsremediations`]: { items: records },
    [`${CUSTOM}/dnshealthpolicies`]: { items: policies },
    ...Object.fromEntries(records.map((one) => [`${CUSTOM}/dnsremediations/${one.metadata.name}`, one])),
    ...Object.fromEntries(policies.map((one) => [`${CUSTOM}/dnshealthpolicies/${one.metadata.name}`, one])),
  });
}
