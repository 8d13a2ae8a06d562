import { describe, expect, it } from 'vitest';
import { fakeConnection } from '../../../test/support/objects/fake-connection.ts';
import { type FakeKube, fakeKube, kubeError } from '../../../test/support/objects/fake-kube.ts';
import { runPlugin } from '../../../test/support/objects/run-plugin.ts';
import { exitCodeOf, notChecked, type Outcome } from './result.ts';
import { imageOf, namespaceOf, policyOf } from './surroundings.ts';

const { signal } = new AbortController();
const CHECKS = '/api/v1/namespaces/dnshealth-check';
const OPERATOR = '/apis/apps/v1/namespaces/dnshealth-system/deployments/dnshealth-operator';
const DNS_PODS = '/api/v1/namespaces/kube-system/pods';

const aNode = (name: string, ready = 'True', labels = {}) => ({
  metadata: { name, labels },
  status: { conditions: [{ type: 'Ready', status: ready, message: 'Kubelet stopped posting node status.' }] },
});
const NODES = [
  aNode('node-10'),
  aNode('node-1', 'Unknown'),
  aNode('node-2', 'True', { 'kubernetes.io/os': 'windows' }),
];
const dnsPod = (image: string, app = 'kube-dns') => ({
  metadata: { labels: { 'k8s-app': app } },
  spec: { containers: [{ name: 'coredns', image }] },
});
const cluster = (more: Readonly<Record<string, object>> = {}): FakeKube =>
  fakeKube({
    '/api/v1/nodes': { items: NODES },
    ...Object.fromEntries(NODES.map((node) => [`/api/v1/nodes/${node.metadata.name}`, node])),
    '/api/v1/namespaces/kube-system/services': { items: [] },
    [DNS_PODS]: { items: [dnsPod('coredns:1')] },
    '/api/v1/namespaces/default/pods': { items: [] },
    ...more,
  });

describe('the command line', () => {
  it.each([
    ['check', 'name the nodes to check, or say --all'],
    ['check node-1 --all', 'name the nodes to check, or say --all'],
    ['check --all --concurrency 0', '--concurrency "0" is not a number from 1'],
    ['check --all --timeout soon', '--timeout "soon" is not a time from 1s to 1h'],
  ])('%s is refused before anything is asked', async (args, error) => {
    const fake = cluster();
    expect(await runPlugin(args, { cluster: fake })).toEqual({ code: 2, out: '', err: `error: ${error}\n` });
    expect(fake.asked).toEqual([]);
  });
});

it('nodes that no pod can be started on are named, with the reason, and are no fault', async () => {
  const fake = cluster();
  const { code, out } = await runPlugin('check node-1 node-2 node-3 -o json', { cluster: fake });
  expect(JSON.parse(out).nodes).toMatchObject([
    {
      node: 'node-1',
      reason: 'NodeNotReady',
      message: 'The node is not ready: Kubelet stopped posting node status.',
    },
    { node: 'node-2', reason: 'NotLinux' },
    { node: 'node-3', reason: 'NodeMissing' },
  ]);
  expect(code).toBe(2);
  expect(fake.created).toEqual([]);
  // Each by its name: the list of a large cluster is 60 MB.
  expect(fake.asked).not.toContain('GET /api/v1/nodes');
});

it('all nodes are listed in the order of their numbers', async () => {
  const fake = cluster({ '/api/v1/namespaces/default/pods': { items: [] } });
  const { code, out } = await runPlugin('check --all -o json --image x', { cluster: fake });
  expect(JSON.parse(out).nodes.map(({ node, reason }: Record<string, string>) => [node, reason])).toEqual([
    ['node-1', 'NodeNotReady'],
    ['node-2', 'NotLinux'],
    // The fake cluster has no pod to show.
    ['node-10', 'Deleted'],
  ]);
  expect(code).toBe(2);
  expect(fake.asked.some((request) => request.startsWith('DELETE '))).toBe(true);
});

describe('the exit code', () => {
  const checked = (outcome: 'usable' | 'looping' | 'no-answer'): Outcome => ({
    kind: 'checked',
    outcome,
    message: '',
    answers: [],
  });
  const not = notChecked('NodeNotReady', '');
  it.each<[readonly Outcome[], number]>([
    [[checked('usable')], 0],
    [[checked('usable'), not], 2],
    [[checked('looping'), not], 1],
    [[checked('no-answer')], 1],
  ])('of %j is %i', (results, code) => {
    expect(exitCodeOf(results)).toBe(code);
  });
});

describe('the namespace', () => {
  it('is that of the operator for checks, or else that of the context', async () => {
    expect(await namespaceOf(fakeConnection(cluster({ [CHECKS]: {} })), signal)).toBe('dnshealth-check');
    expect(await namespaceOf(fakeConnection(cluster()), signal)).toBe('default');
    const hidden = cluster({ [CHECKS]: kubeError(403, 'Forbidden') });
    expect(await namespaceOf(fakeConnection(hidden), signal)).toBe('default');
  });

  it('cannot be found out while the API server does not answer', async () => {
    const down = cluster({ [CHECKS]: kubeError(500, 'InternalError') });
    await expect(namespaceOf(fakeConnection(down), signal)).rejects.toThrow('InternalError');
  });
});

describe('the image', () => {
  const operator = {
    spec: {
      template: { spec: { containers: [{ image: 'op:1', env: [{ name: 'AGENT_IMAGE', value: 'op:2' }] }] } },
    },
  };
  const none = { program: undefined, image: undefined };

  it('is the one that the operator starts', async () => {
    const { kube } = cluster({ [OPERATOR]: operator });
    expect(await imageOf(kube, none, signal)).toEqual({ program: 'agent', image: 'op:2' });
    const theirs = { program: 'coredns', image: undefined } as const;
    expect(await imageOf(kube, theirs, signal)).toEqual({ program: 'coredns', image: 'coredns:1' });
  });

  it('is that of most CoreDNS pods where the operator is not installed, or may not be read', async () => {
    const items = [
      dnsPod('coredns:1'),
      dnsPod('coredns:2'),
      dnsPod('coredns:2'),
      ...Array.from({ length: 9 }, () => dnsPod('cache:1', 'nodelocaldns')),
    ];
    const operators: readonly Readonly<Record<string, object>>[] = [
      {},
      { [OPERATOR]: kubeError(403, 'Forbidden') },
    ];
    for (const more of operators) {
      const { kube } = cluster({ ...more, [DNS_PODS]: { items } });
      expect(await imageOf(kube, none, signal)).toEqual({ program: 'coredns', image: 'coredns:2' });
    }
  });

  it('is the one that was named, which is taken for ours unless it is said to be CoreDNS', async () => {
    const { kube } = cluster();
    expect(await imageOf(kube, { program: undefined, image: 'x' }, signal)).toMatchObject({
      program: 'agent',
    });
    expect(await imageOf(kube, { program: 'coredns', image: 'x' }, signal)).toMatchObject({
      program: 'coredns',
    });
  });

  it('has to be named where there is none', async () => {
    const { kube } = cluster({ [DNS_PODS]: { items: [] } });
    await expect(imageOf(kube, none, signal)).rejects.toThrow('name one with --image');
    const ours = { program: 'agent', image: undefined } as const;
    await expect(imageOf(kube, ours, signal)).rejects.toThrow('name its image with --image');
  });
});

it('the settings are those of the first policy that can be read', async () => {
  const POLICIES = '/apis/dnshealth.io/v1alpha1/dnshealthpolicies';
  const settings = async (more: object | Error) => {
    const { repair, verification } = await policyOf(cluster({ [POLICIES]: more }).kube, signal);
    return [repair.acceptRisky, verification.clusterDomain];
  };
  const usual = [false, 'cluster.local'];
  expect(await settings({ items: [] })).toEqual(usual);
  expect(await settings(kubeError(404, 'NotFound'))).toEqual(usual);
  expect(
    await settings({ items: [{ spec: { mode: 'Unheard' } }, { spec: { repair: { acceptRisky: true } } }] }),
  ).toEqual([true, 'cluster.local']);
});
