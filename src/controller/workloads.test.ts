import { expect, it } from 'vitest';
import { aRawDnsPod } from '../../test/support/objects/raw-objects.ts';
import { parseDnsPod } from '../observe/dns-pod.ts';
import type { Stores } from './stores.ts';
import { podsOf } from './workloads.ts';

it('a pod that the kubelet rejected or that a shutdown left behind is not a DNS pod: it is neither asked nor counted', async () => {
  const pods = ['Running', 'Pending', 'Failed', 'Succeeded'].map((phase) =>
    parseDnsPod(aRawDnsPod({ metadata: { name: phase }, status: { phase } })),
  );
  const stores = { dnsPods: { list: () => pods } } as unknown as Stores;
  const workload = { kind: 'Deployment', name: 'coredns', container: 'coredns' } as const;
  const owned = await podsOf(workload, stores, { owns: async () => true }, new AbortController().signal);
  expect(owned.map(({ name }) => name)).toEqual(['Running', 'Pending']);
});
