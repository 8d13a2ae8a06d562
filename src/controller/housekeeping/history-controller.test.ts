import { expect, it } from 'vitest';
import { aRemediation, at, isoAt } from '../../../test/support/objects/builders.ts';
import { fakeKube } from '../../../test/support/objects/fake-kube.ts';
import { stampAt } from '../../../test/support/objects/raw-objects.ts';
import { API_VERSION } from '../../api/keys.ts';
import { parsePolicy } from '../../observe/custom-resources.ts';
import { silentLogger } from '../../runtime/logger.ts';
import { createHistoryReconciler } from './history-controller.ts';

it('old remediations are deleted in rounds, by name, each one counted before; one that is gone already is left out', async () => {
  const policy = parsePolicy({
    metadata: { name: 'coredns', uid: 'policy-1', creationTimestamp: stampAt(0) },
    spec: { limits: { history: 10 } },
  });
  const remediations = Array.from({ length: 35 }, (_, index) =>
    aRemediation({
      name: `r${index}`,
      uid: `uid-${index}`,
      status: { phase: 'Cancelled', finishedAt: isoAt(-100_000 + index) },
    }),
  );
  const fake = fakeKube();
  const path = `/apis/${API_VERSION}/dnshealthpolicies/coredns`;
  const metadata = { name: 'coredns', uid: 'policy-1', creationTimestamp: stampAt(0) };
  fake.answers.set(path, { metadata });
  fake.answers.set(`${path}/status`, {});
  const pathOf = (name: string) => `/apis/${API_VERSION}/dnsremediations/${name}`;
  for (const { name, uid, spec } of remediations.slice(1))
    fake.answers.set(pathOf(name), { metadata: { name, uid, creationTimestamp: stampAt(0) }, spec });
  const stores = {
    policies: { get: () => policy, list: () => [policy] },
    remediations: { list: () => remediations },
    dnsPods: { list: () => [] },
    nodes: { list: () => [], get: () => null },
  } as unknown as Parameters<typeof createHistoryReconciler>[0]['stores'];
  const run = createHistoryReconciler({ kube: fake.kube, stores, logger: silentLogger, now: () => at(0) });
  const result = await run('coredns', new AbortController().signal);
  expect(result).toEqual({ kind: 'requeue', afterMs: 1_000 });
  const deletes = fake.asked.filter((asked) => asked.startsWith('DELETE'));
  expect(deletes).toEqual(remediations.slice(1, 20).map(({ name }) => `DELETE ${pathOf(name)}`));
  const [counted] = fake.replaced as [{ status: { past: { totals: object; uids: readonly string[] } } }];
  expect(counted.status.past).toMatchObject({
    totals: { cancelled: 19 },
    uids: remediations.slice(1, 20).map(({ uid }) => uid),
  });
});
