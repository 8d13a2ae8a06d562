import { describe, expect, it } from 'vitest';
import { fakeKube, kubeError } from '../../test/support/objects/fake-kube.ts';
import { otherPodsOf } from './other-pods.ts';

interface PodOverrides {
  readonly namespace?: string;
  readonly uid?: string;
  readonly deletionTimestamp?: string;
  readonly spec?: object;
  readonly status?: object;
  readonly owners?: readonly object[];
}
const aPod = (
  name: string,
  { namespace = 'shop', spec, status, owners, ...metadata }: PodOverrides = {},
) => ({
  metadata: { namespace, name, uid: name, ...metadata, ...(owners && { ownerReferences: owners }) },
  spec: { dnsPolicy: 'Default', ...spec },
  status: { phase: 'Running', startTime: '2026-01-01T10:00:00Z', ...status },
});

const PATH = '/api/v1/pods';
const period = { until: '2026-01-01T12:00:00.500Z' };
const signal = new AbortController().signal;
const found = async (
  pods: readonly object[],
  more: { since?: string; deleted?: ReadonlySet<string> } = {},
) => {
  const { kube } = fakeKube({ [PATH]: { items: pods } });
  return otherPodsOf(kube, { node: 'node-1', deleted: new Set(), ...period, ...more }, signal);
};
const isListed = async (pod: object, more = {}) => (await found([pod], more)).total === 1;

describe('the other pods of a node', () => {
  it('are listed with the workload that owns them', async () => {
    const owners = [{ kind: 'DaemonSet', name: 'mailer', controller: true }];
    expect(await found([aPod('mailer-1', { owners }), aPod('alone')])).toEqual({
      total: 2,
      pods: [
        { namespace: 'shop', name: 'mailer-1', owner: 'DaemonSet/mailer' },
        { namespace: 'shop', name: 'alone' },
      ],
      message: expect.stringMatching(/^2 other pods on node node-1 .* until they are recreated\./),
    });
  });

  it.each<[string, boolean, object]>([
    ['started before the repair', true, aPod('p')],
    ['started after it', false, aPod('p', { status: { startTime: '2026-01-01T12:00:01Z' } })],
    ['not known to have been started', true, aPod('p', { status: { startTime: null, phase: 'Pending' } })],
    ['with the DNS of the cluster', false, aPod('p', { spec: { dnsPolicy: 'ClusterFirst' } })],
    ['in the network of the host', false, aPod('p', { spec: { hostNetwork: true } })],
    ['that has ended', false, aPod('p', { status: { phase: 'Succeeded' } })],
    ['that is being deleted', false, aPod('p', { deletionTimestamp: '2026-01-01T11:00:00Z' })],
    ['of the repair itself', false, aPod('p', { namespace: 'dnshealth-node' })],
    ['of a check', false, aPod('p', { namespace: 'dnshealth-check' })],
  ])('count if they keep the wrong file: one %s: %s', async (_what, expected, pod) => {
    expect(await isListed(pod)).toBe(expected);
  });

  it('do not include DNS pods that the incident deletes', async () => {
    expect(await isListed(aPod('coredns-1'), { deleted: new Set(['coredns-1']) })).toBe(false);
  });

  it('count from the second in which the wrong kubelet was started', async () => {
    expect(await isListed(aPod('p'), { since: '2026-01-01T10:00:00.900Z' })).toBe(true);
    expect(await isListed(aPod('p'), { since: '2026-01-01T10:00:01.000Z' })).toBe(false);
  });

  it('are cut after twenty, and counted', async () => {
    const { total, pods } = await found(Array.from({ length: 25 }, (_, n) => aPod(`p-${n}`)));
    expect([total, pods.length]).toEqual([25, 20]);
  });

  it('are recorded as unknown if the API server refuses, and asked for again if it is away', async () => {
    const { kube, answers } = fakeKube({ [PATH]: kubeError(403, 'Forbidden') });
    const ask = async () => otherPodsOf(kube, { node: 'node-1', deleted: new Set(), ...period }, signal);
    expect(await ask()).toEqual({ pods: [], message: expect.stringContaining('could not be listed') });
    answers.set(PATH, kubeError(503, 'ServiceUnavailable'));
    await expect(ask()).rejects.toThrow(/503/);
  });
});
