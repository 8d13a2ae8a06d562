import { expect, it } from 'vitest';
import { DNS_SELECTORS } from '../api/keys.ts';
import type { KubeClient } from '../kube/client.ts';
import type { RawRequest } from '../kube/raw-api.ts';
import { clusterDnsAddresses, clusterDnsServices } from './cluster-dns.ts';

it('finds the Services by either label, in both families, once each, and without the headless ones', async () => {
  const services = new Map<unknown, readonly object[]>([
    [
      DNS_SELECTORS[0],
      [{ spec: { clusterIPs: ['10.96.0.10', 'fd00::a'] } }, { spec: { clusterIP: 'None' } }],
    ],
    [DNS_SELECTORS[1], [{ spec: { clusterIP: '10.96.0.20' } }, { spec: { clusterIP: '10.96.0.10' } }, {}]],
  ]);
  const request = async ({ query }: RawRequest) => ({ items: services.get(query?.['labelSelector']) });
  const kube = { raw: { request } } as unknown as KubeClient;
  expect(await clusterDnsAddresses(kube, new AbortController().signal)).toEqual([
    '10.96.0.10',
    'fd00::a',
    '10.96.0.20',
  ]);
});

it('does not take the Service of the metrics, which has the same label, for one that serves DNS', async () => {
  const service = (clusterIP: string, ports: readonly number[]) => ({
    spec: { clusterIP, ports: ports.map((port) => ({ port })) },
  });
  const items = [service('10.96.0.10', [53, 53, 9153]), service('10.96.0.11', [9153])];
  const kube = { raw: { request: async () => ({ items }) } } as unknown as KubeClient;
  expect(await clusterDnsServices(kube, new AbortController().signal)).toEqual(['10.96.0.10']);
});
