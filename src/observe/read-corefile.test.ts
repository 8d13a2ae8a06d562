import { describe, expect, it } from 'vitest';
import { fakeKube, kubeError } from '../../test/support/objects/fake-kube.ts';
import { readCorefile } from './read-corefile.ts';

const path = (name: string): string => `/api/v1/namespaces/kube-system/configmaps/${name}`;
const corefile = (text: string) => ({ data: { Corefile: text } });

async function read(configMaps: readonly string[], answers: Readonly<Record<string, object>>) {
  const fake = fakeKube(Object.fromEntries(Object.entries(answers).map(([name, one]) => [path(name), one])));
  return { source: await readCorefile(fake.kube, { configMaps }, new AbortController().signal), fake };
}

describe('the Corefile of a pod', () => {
  it('is read from the ConfigMap of kubeadm and kubespray if the pod mounts it, and no other is asked for', async () => {
    const { source, fake } = await read(['custom', 'coredns'], {
      coredns: corefile('a'),
      custom: corefile('b'),
    });
    expect(source).toEqual({ kind: 'found', text: 'a', configMap: 'coredns' });
    expect(fake.asked).toEqual([`GET ${path('coredns')}`]);
  });

  it('is read from the ConfigMap of a Helm release if an administrator has allowed that', async () => {
    const { source } = await read(['release-coredns'], { 'release-coredns': corefile('a') });
    expect(source).toEqual({ kind: 'found', text: 'a', configMap: 'release-coredns' });
  });

  it('is forbidden if it may be in a ConfigMap that the operator may not read', async () => {
    const forbidden = kubeError(403, 'Forbidden');
    const { source } = await read(['coredns', 'release-coredns'], { 'release-coredns': forbidden });
    expect(source).toEqual({ kind: 'forbidden', configMaps: ['release-coredns'] });
  });

  it('is missing if no ConfigMap is mounted or has one; that of another workload is not read instead', async () => {
    const answers = { coredns: corefile('of another workload'), other: { data: { Else: 'x' } } };
    for (const mounted of [[], ['other'], ['gone']])
      expect((await read(mounted, answers)).source).toEqual({ kind: 'missing' });
  });

  it('is an error if the usual ConfigMap is forbidden: the installation is wrong', async () => {
    await expect(read(['coredns'], { coredns: kubeError(403, 'Forbidden') })).rejects.toThrow('403');
    await expect(read(['other'], { other: kubeError(503, 'ServiceUnavailable') })).rejects.toThrow('503');
  });
});
