import { expect, it } from 'vitest';
import { loadedAtStart } from '../../test/support/bundle-graph.ts';

it('does not load kubeconfig code or client-node in a cluster', async () => {
  const loaded = await loadedAtStart('src/operator.ts');
  expect(loaded).toContain('src/kube/wire/transport.ts');
  expect(loaded.filter((file) => file.startsWith('src/kube/kubeconfig/'))).toEqual([]);
  expect(loaded.filter((file) => file.includes('@kubernetes/client-node'))).toEqual([]);
});
