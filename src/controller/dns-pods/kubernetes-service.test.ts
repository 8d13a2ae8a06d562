import { describe, expect, it } from 'vitest';
import { fakeKube, kubeError } from '../../../test/support/objects/fake-kube.ts';
import { createKubernetesService } from './kubernetes-service.ts';

const PATH = '/api/v1/namespaces/default/services/kubernetes';
const { signal } = new AbortController();

describe('the addresses of the kubernetes Service', () => {
  it.each([
    ['one family', { clusterIP: '10.96.0.1', clusterIPs: ['10.96.0.1'] }, ['10.96.0.1']],
    ['IPv6 only', { clusterIP: 'fd00:10:96::1', clusterIPs: ['fd00:10:96::1'] }, ['fd00:10:96::1']],
    [
      'two families',
      { clusterIP: '10.96.0.1', clusterIPs: ['10.96.0.1', 'fd00:10:96::1'] },
      ['10.96.0.1', 'fd00:10:96::1'],
    ],
    ['an API server that knows one address only', { clusterIP: '10.96.0.1' }, ['10.96.0.1']],
  ])('come from the Service itself: %s', async (_what, spec, expected) => {
    const { kube } = fakeKube({ [PATH]: { spec } });
    expect(await createKubernetesService(kube).addresses(signal)).toEqual(expected);
  });

  it('are read once, and again when a DNS pod gave another one', async () => {
    const fake = fakeKube({ [PATH]: { spec: { clusterIP: '10.96.0.1' } } });
    const service = createKubernetesService(fake.kube);
    await service.addresses(signal);
    await service.addresses(signal);
    expect(fake.asked).toEqual([`GET ${PATH}`]);
    fake.answers.set(PATH, { spec: { clusterIP: '10.100.0.1' } });
    service.doubt();
    expect(await service.addresses(signal)).toEqual(['10.100.0.1']);
  });

  it('are read again after an error', async () => {
    const fake = fakeKube({ [PATH]: kubeError(503, 'ServiceUnavailable') });
    const service = createKubernetesService(fake.kube);
    await expect(service.addresses(signal)).rejects.toThrow(/503/);
    fake.answers.set(PATH, { spec: { clusterIP: '10.96.0.1' } });
    expect(await service.addresses(signal)).toEqual(['10.96.0.1']);
  });
});
