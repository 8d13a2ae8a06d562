import type { V1Pod } from '@kubernetes/client-node';
import { describe, expect, it } from 'vitest';
import { KubeError } from '../../kube/errors.ts';
import type { CheckPods } from './check-pods.ts';
import type { Probe } from './probe.ts';
import { type NodeResult, notChecked } from './result.ts';
import { type Checks, runChecks } from './run-checks.ts';

const forbidden = (message: string) =>
  new KubeError({ code: 403, reason: 'Forbidden', verb: 'create', what: 'pods in x', message });
const NO_RIGHT =
  'pods is forbidden: User "jane" cannot create resource "pods" in API group "" in the namespace "x"';
const QUOTA = 'pods "x" is forbidden: exceeded quota: few, requested: pods=1, used: pods=1, limited: pods=1';

const status = (state: object): V1Pod => ({
  spec: { containers: [{ name: 'agent' }] },
  status: { containerStatuses: [{ name: 'agent', state }] as never },
});
const REPORTED = status({ terminated: { exitCode: 0, message: 'fine' } });
const STUCK = status({ waiting: { reason: 'ContainerCreating' } });

/** A namespace whose pods are at once as the test wants them, by node. */
function aNamespace(become: Readonly<Record<string, V1Pod | Error | null>> = {}, room = Infinity) {
  const pods = new Map<string, V1Pod>();
  const names: string[] = [];
  const seen = { most: 0, removed: [] as string[] };
  const api: CheckPods = {
    async create(name, { spec }) {
      const wanted = become[spec.nodeName ?? ''];
      if (wanted instanceof Error) throw wanted;
      if (pods.size >= room) throw forbidden(QUOTA);
      names.push(name);
      if (wanted !== null) pods.set(name, wanted ?? REPORTED);
      seen.most = Math.max(seen.most, pods.size);
    },
    list: async () => new Map(pods),
    log: async () => '',
    lastWarning: async () => 'no such file or directory',
    async remove(name) {
      seen.removed.push(name);
      pods.delete(name);
    },
    removeLeftovers: async () => [],
  };
  return { api, pods, names, seen };
}

const probe: Probe = {
  program: 'agent',
  image: 'x',
  pod: ({ name }) => ({ spec: { nodeName: name, containers: [] } }),
  read: async (state) =>
    state.kind === 'ended' ? { outcome: 'usable', message: state.message, answers: [] } : null,
};

const nodes = (count: number) =>
  Array.from({ length: count }, (_, at) => ({ name: `node-${at + 1}`, addresses: [] }));

async function run(pods: CheckPods, count: number, more: Partial<Checks> = {}) {
  const left: string[] = [];
  const results: NodeResult[] = [];
  const error: unknown = await runChecks(nodes(count), {
    probe,
    pods,
    run: 'r',
    concurrency: 2,
    timeoutMs: 300,
    signal: new AbortController().signal,
    whyNotNow: async () => undefined,
    onResult: (result) => results.push(result),
    onLeft: (names, why) => left.push(...names, String(why)),
    ...more,
  }).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  return { results, left, error };
}

describe('checks of several nodes', () => {
  it('run some at once, and leave no pod', async () => {
    const { api, pods, names, seen } = aNamespace();
    const { results } = await run(api, 5);
    expect(results.map(({ node, kind }) => `${node} ${kind}`).toSorted()).toEqual(
      nodes(5).map(({ name }) => `${name} checked`),
    );
    expect(seen.most).toBe(2);
    expect(new Set(names).size).toBe(5);
    expect(pods.size).toBe(0);
  });

  it.each<[string, V1Pod | Error | null, string, RegExp]>([
    ['is refused by a webhook', forbidden('admission webhook "x" denied the request'), 'Refused', /webhook/],
    [
      'violates a Pod Security level',
      forbidden('violates PodSecurity "restricted:v1"'),
      'Refused',
      /PodSecurity/,
    ],
    ['exceeds a quota that others have used up', forbidden(QUOTA), 'Refused', /exceeded quota/],
    ['is deleted before it reported', null, 'Deleted', /deleted/],
    ['does not start', STUCK, 'TimedOut', /not done after 0 s: no such file or directory\./],
  ])(
    'name a node whose pod %s as not checked, and check the others',
    async (_why, wanted, reason, message) => {
      const { api, pods } = aNamespace({ 'node-1': wanted });
      const { results, error } = await run(api, 2, { concurrency: 1 });
      expect(error).toBeUndefined();
      expect(results).toMatchObject([
        { node: 'node-1', kind: 'not-checked', reason, message: expect.stringMatching(message) },
        { node: 'node-2', kind: 'checked' },
      ]);
      expect(pods.size).toBe(0);
    },
  );

  it.each([
    ['whose pod does not start', STUCK],
    ['whose pod is gone', null],
  ])('say of a node %s that it was deleted or is not ready, if it is', async (_what, wanted) => {
    const { api } = aNamespace({ 'node-1': wanted });
    const gone = notChecked('NodeMissing', 'The cluster has no node of that name.');
    const { results } = await run(api, 1, { whyNotNow: async () => gone });
    expect(results).toEqual([{ node: 'node-1', ...gone }]);
  });

  it('wait for each other where a quota has no room for all of them', async () => {
    const { api } = aNamespace({}, 1);
    const { results } = await run(api, 3, { concurrency: 3 });
    expect(results.map(({ kind }) => kind)).toEqual(['checked', 'checked', 'checked']);
  });

  it('do not wait for each other where the quota has no room for any', async () => {
    const { results } = await run(aNamespace({}, 0).api, 3, { concurrency: 3 });
    expect(results.map((result) => result.kind === 'not-checked' && result.reason)).toEqual([
      'Refused',
      'Refused',
      'Refused',
    ]);
  });

  it('end at once where no pod may be created: it is the same for every node', async () => {
    const { api, seen } = aNamespace({ 'node-1': forbidden(NO_RIGHT), 'node-2': STUCK });
    const { results, error } = await run(api, 50, { timeoutMs: 60_000 });
    expect(error).toMatchObject({ code: 403 });
    expect(results).toEqual([]);
    expect(seen.removed).toContain('dnshealth-check-r-1');
  });
});

describe('after Ctrl-C', () => {
  it('nothing is left, not even a pod that was being created', async () => {
    const stop = new AbortController();
    const { api, pods } = aNamespace({ 'node-1': STUCK, 'node-2': STUCK });
    const slow: CheckPods = {
      ...api,
      async create(name, template) {
        stop.abort(new Error('received SIGINT'));
        await new Promise((resolve) => void setImmediate(resolve));
        await api.create(name, template);
      },
    };
    const { error } = await run(slow, 10, { signal: stop.signal, timeoutMs: 60_000 });
    expect(error).toMatchObject({ message: 'received SIGINT' });
    expect(pods.size).toBe(0);
  });

  it('a pod that cannot be removed is named, with the reason', async () => {
    const { api } = aNamespace();
    const stuck: CheckPods = { ...api, remove: async () => Promise.reject(new Error('unreachable')) };
    const { left, error } = await run(stuck, 1);
    expect(error).toMatchObject({ message: 'unreachable' });
    expect(left).toEqual(['dnshealth-check-r-0', 'Error: unreachable']);
  });
});
