import { describe, expect, it } from 'vitest';
import { fakeKube } from '../../../test/support/objects/fake-kube.ts';
import { typedApis } from './typed-apis.ts';

const { signal } = new AbortController();

describe('the typed classes', () => {
  it('read objects over the connections of our own client', async () => {
    const fake = fakeKube({ '/api/v1/nodes': { items: [{ metadata: { name: 'node-1' } }] } });
    const { items } = await typedApis(fake.kube.raw, signal).core.listNode({ limit: 500 });
    expect(items.map(({ metadata }) => metadata?.name)).toEqual(['node-1']);
    expect(fake.asked).toEqual(['GET /api/v1/nodes']);
  });

  it('read a log as it is, also one that looks like JSON', async () => {
    const { kube } = fakeKube({ '/api/v1/namespaces/kube-system/pods/p/log': { line: 1 } });
    expect(
      await typedApis(kube.raw, signal).core.readNamespacedPodLog({ namespace: 'kube-system', name: 'p' }),
    ).toBe('{"line":1}');
  });

  it('create objects', async () => {
    const fake = fakeKube({ '/apis/batch/v1/namespaces/n/jobs': { metadata: { name: 'j' } } });
    const body = { metadata: { name: 'j' }, spec: { template: {} } };
    await typedApis(fake.kube.raw, signal).batch.createNamespacedJob({ namespace: 'n', body });
    expect(fake.created).toEqual([body]);
  });

  it('fail with the error of our own client', async () => {
    await expect(
      typedApis(fakeKube().kube.raw, signal).apps.listDeploymentForAllNamespaces(),
    ).rejects.toMatchObject({
      name: 'KubeError',
      what: 'list deployments',
    });
  });
});
