/** Requests for plans, as the annotation of a policy, and what becomes of each. */
import { describe, expect, it } from 'vitest';
import { aRemediation, at, isoAt } from '../../../test/support/objects/builders.ts';
import { fakeKube, kubeError } from '../../../test/support/objects/fake-kube.ts';
import { aRawNode } from '../../../test/support/objects/raw-objects.ts';
import { API_VERSION, PLAN_REQUESTS_ANNOTATION } from '../../api/keys.ts';
import type { Phase } from '../../api/remediation.ts';
import { type Policy, parsePolicy } from '../../observe/custom-resources.ts';
import type { EventIntent } from '../../remediation/record/events.ts';
import { silentLogger } from '../../runtime/logger.ts';
import type { Stores } from '../stores.ts';
import { createPlanRequestReconciler } from './plan-request-controller.ts';

const POLICY = `/apis/${API_VERSION}/dnshealthpolicies/coredns`;
const RECORDS = `/apis/${API_VERSION}/dnsremediations`;

async function reconcile(text: string, phases: readonly Phase[] = [], covering?: Policy) {
  const raw = {
    metadata: {
      name: 'coredns',
      uid: 'policy-1',
      resourceVersion: '7',
      creationTimestamp: isoAt(-60),
      annotations: { [PLAN_REQUESTS_ANNOTATION]: text },
    },
    spec: { mode: 'Observe', pause: [{ reason: 'upgrade', by: 'bob' }] },
  };
  const fake = fakeKube({ [POLICY]: raw, [RECORDS]: {}, '/api/v1/nodes/node-1': aRawNode() });
  fake.answers.set('/api/v1/nodes/node-9', kubeError(404, 'NotFound'));
  const told: EventIntent[] = [];
  const policy = parsePolicy(raw);
  const stores = {
    policies: { get: () => policy, list: () => [covering ?? policy] },
    nodes: { get: () => undefined },
    remediations: { list: () => phases.map((phase) => aRemediation({ status: { phase } })) },
  } as unknown as Stores;
  const run = createPlanRequestReconciler({
    kube: fake.kube,
    stores,
    narrator: { announce: (event) => void told.push(event) },
    logger: silentLogger,
    now: () => at(5),
  });
  const result = await run('coredns', new AbortController().signal);
  return { fake, told, result };
}
const requests = (...nodes: readonly string[]): string =>
  JSON.stringify(nodes.map((node) => ({ node, by: 'anna', at: isoAt(0) })));

it('about a node that another policy decides about is refused, and says which', async () => {
  const metadata = { name: 'older', uid: 'policy-0', creationTimestamp: isoAt(-90) };
  const { fake, told } = await reconcile(requests('node-1'), [], parsePolicy({ metadata, spec: {} }));
  expect(fake.created).toEqual([]);
  expect(told).toMatchObject([
    { reason: 'NodeOfAnotherPolicy', note: expect.stringContaining('policy older decides: ask that one.') },
  ]);
});

describe('a request for a plan', () => {
  it('becomes a record of its own, whatever the mode and the pauses, and is taken out', async () => {
    const { fake, told } = await reconcile(requests('node-1'));
    expect(fake.created).toMatchObject([
      {
        kind: 'DNSRemediation',
        spec: {
          trigger: 'Request',
          request: { by: 'anna', at: isoAt(5) },
          policy: { name: 'coredns' },
          node: { name: 'node-1' },
          settings: { mode: 'Observe', pause: [] },
        },
      },
    ]);
    expect(fake.asked.filter((one) => one.startsWith('PATCH'))).toEqual([`PATCH ${POLICY}`]);
    expect(told).toEqual([]);
  });

  it('of an incident that only waits for its turn is made beside it', async () => {
    expect((await reconcile(requests('node-1'), ['Pending'])).fake.created).toHaveLength(1);
  });

  it.each([
    ['there is no such node', 'node-9', [], 'NodeNotFound'],
    ['its node is under repair', 'node-1', ['Repairing'], 'NodeIsBusy'],
    ['its node has a plan that waits', 'node-1', ['AwaitingApproval'], 'NodeIsBusy'],
  ] as const)('is refused by an event where %s, and taken out', async (_what, node, phases, reason) => {
    const { fake, told } = await reconcile(requests(node), phases);
    expect(fake.created).toEqual([]);
    expect(told).toMatchObject([{ reason, type: 'Warning', about: [{ kind: 'policy' }] }]);
    expect(fake.asked).toContain(`PATCH ${POLICY}`);
  });

  it.each([
    ['not JSON', 'node-1', /not JSON/],
    ['not a list', '{"node":"node-1"}', /array/],
    ['without a node', '[{"by":"anna","at":"2026-01-01T00:00:00Z"}]', /0\.node/],
    ['with a time that is none', '[{"node":"node-1","by":"anna","at":"now"}]', /0\.at/],
  ])('that cannot be read is removed, and the event says what is wrong: %s', async (_what, text, problem) => {
    const { fake, told } = await reconcile(text);
    expect(fake.created).toEqual([]);
    expect(told[0]?.reason).toBe('PlanRequestMalformed');
    expect(told[0]?.note).toMatch(problem);
    expect(fake.asked).toContain(`PATCH ${POLICY}`);
  });

  it('that was answered is recognised by the name of its record, if the operator was killed before it took it out', async () => {
    const first = (await reconcile(requests('node-1'))).fake.created;
    const second = (await reconcile(requests('node-1'))).fake.created;
    const nameOf = (created: readonly unknown[]) =>
      (created[0] as { metadata: { name: string } } | undefined)?.metadata.name;
    expect(nameOf(first)).toBe(nameOf(second));
  });
});
