import { expect, it } from 'vitest';
import { loadedAtStart } from '../../test/support/bundle-graph.ts';

it('loads commander and the declarations of the verbs at the start, and no other package', async () => {
  const loaded = await loadedAtStart('src/kubectl-dnshealth.ts');
  expect(loaded).toContain('src/plugin/verbs.ts');
  const packages = loaded.flatMap((file) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(file)?.[1] ?? []);
  expect([...new Set(packages)]).toEqual(['commander']);
});
