import { expect, it } from 'vitest';
import { fakeKube } from '../../../test/support/objects/fake-kube.ts';
import { createClusterDns } from './cluster-dns.ts';

const SERVICES = '/api/v1/namespaces/kube-system/services';
const signal = new AbortController().signal;
const service = (clusterIP: string) => ({ items: [{ spec: { clusterIPs: [clusterIP] } }] });

it('the addresses of cluster DNS are read once in five minutes, after ten seconds while there are none, and at once where the clock was put back', async () => {
  const fake = fakeKube({ [SERVICES]: { items: [] } });
  let now = 0;
  const dns = createClusterDns(fake.kube, () => now);
  expect(await dns.addresses(signal)).toEqual([]);

  fake.answers.set(SERVICES, service('10.96.0.10'));
  now = 9_999;
  expect(await dns.addresses(signal)).toEqual([]);
  now = 10_000;
  expect(await dns.addresses(signal)).toEqual(['10.96.0.10']);
  fake.answers.set(SERVICES, service('10.96.0.20'));
  now = 309_999;
  expect(await dns.addresses(signal)).toEqual(['10.96.0.10']);
  now = 310_000;
  expect(await dns.addresses(signal)).toEqual(['10.96.0.20']);

  fake.answers.set(SERVICES, service('10.96.0.30'));
  now = 0;
  expect(await dns.addresses(signal)).toEqual(['10.96.0.30']);
});
