import { describe, expect, it } from 'vitest';
import { type FakeKube, fakeKube, kubeError } from '../../test/support/objects/fake-kube.ts';
import { aRawDnsPod } from '../../test/support/objects/raw-objects.ts';
import { policySpecSchema } from '../api/policy.ts';
import { parseDnsPod } from './dns-pod.ts';
import { createOwnership } from './ownership.ts';

const APPS = '/apis/apps/v1/namespaces/kube-system';
const REPLICA_SET = `${APPS}/replicasets/coredns-5d78`;
const DEPLOYMENT = `${APPS}/deployments/coredns`;
const DAEMON_SET = `${APPS}/daemonsets/coredns`;

const owner = (kind: string, name: string, uid: string) => ({ kind, name, uid, controller: true });
/** kubeadm's CoreDNS: the pod's ReplicaSet, and the Deployment of that. */
const theRealOnes = () =>
  fakeKube({
    [REPLICA_SET]: {
      metadata: { uid: 'replica-set-1', ownerReferences: [owner('Deployment', 'coredns', 'deployment-1')] },
    },
    [DEPLOYMENT]: { metadata: { uid: 'deployment-1' } },
    [DAEMON_SET]: { metadata: { uid: 'daemon-set-1' } },
  });

const podOf = (...ownerReferences: object[]) => parseDnsPod(aRawDnsPod({ metadata: { ownerReferences } }));
const deployment = policySpecSchema.parse({}).workload;
const daemonSet = policySpecSchema.parse({ workload: { kind: 'DaemonSet' } }).workload;
const signal = new AbortController().signal;
const owns = async ({ kube }: FakeKube, pod = parseDnsPod(aRawDnsPod()), workload = deployment) =>
  createOwnership(kube).owns(workload, pod, signal);

describe('a pod belongs to the policy’s Deployment', () => {
  it('when its ReplicaSet and the Deployment of that exist under the referenced uids', async () => {
    expect(await owns(theRealOnes())).toBe(true);
  });

  it('and each ReplicaSet is read once', async () => {
    const fake = theRealOnes();
    const ownership = createOwnership(fake.kube);
    for (let time = 0; time < 5; time++) await ownership.owns(deployment, parseDnsPod(aRawDnsPod()), signal);
    expect(fake.asked).toEqual([`GET ${REPLICA_SET}`, `GET ${DEPLOYMENT}`]);
  });
});

describe('a policy with many pods', () => {
  it('reads the common owner once, also when all are checked concurrently', async () => {
    const fake = theRealOnes();
    const ownership = createOwnership(fake.kube);
    const pods = Array.from({ length: 100 }, () => parseDnsPod(aRawDnsPod()));
    const answers = await Promise.all(pods.map(async (pod) => ownership.owns(deployment, pod, signal)));
    expect(answers).toEqual(pods.map(() => true));
    expect(fake.asked).toEqual([`GET ${REPLICA_SET}`, `GET ${DEPLOYMENT}`]);
  });

  it('reads it again after a failure, which all callers see', async () => {
    const fake = theRealOnes();
    const ownership = createOwnership(fake.kube);
    const pod = parseDnsPod(aRawDnsPod());
    const replicaSet = fake.answers.get(REPLICA_SET) ?? {};
    fake.answers.set(REPLICA_SET, kubeError(503, 'ServiceUnavailable'));
    const failed = await Promise.allSettled([1, 2].map(async () => ownership.owns(deployment, pod, signal)));
    expect(failed.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    fake.answers.set(REPLICA_SET, replicaSet);
    expect(await ownership.owns(deployment, pod, signal)).toBe(true);
  });
});

describe('a look-alike with the label does not belong', () => {
  it('when it has no controller', async () => {
    expect(await owns(theRealOnes(), podOf())).toBe(false);
  });

  it('when it references the real ReplicaSet with a forged uid', async () => {
    expect(await owns(theRealOnes(), podOf(owner('ReplicaSet', 'coredns-5d78', 'forged')))).toBe(false);
  });

  it('when it references a ReplicaSet that does not exist', async () => {
    expect(await owns(theRealOnes(), podOf(owner('ReplicaSet', 'coredns-none', 'x')))).toBe(false);
  });

  it('when its ReplicaSet references a Deployment with another uid', async () => {
    const fake = theRealOnes();
    fake.answers.set(DEPLOYMENT, { metadata: { uid: 'deployment-of-today' } });
    expect(await owns(fake)).toBe(false);
  });

  it('when the Deployment was deleted, until it exists again', async () => {
    const fake = theRealOnes();
    const ownership = createOwnership(fake.kube);
    const pod = parseDnsPod(aRawDnsPod());
    fake.answers.delete(DEPLOYMENT);
    expect(await ownership.owns(deployment, pod, signal)).toBe(false);
    fake.answers.set(DEPLOYMENT, { metadata: { uid: 'deployment-1' } });
    expect(await ownership.owns(deployment, pod, signal)).toBe(true);
  });

  it('when its ReplicaSet has no owner, or one that is not a Deployment', async () => {
    const fake = theRealOnes();
    for (const ownerReferences of [undefined, [owner('Rollout', 'coredns', 'r')]]) {
      fake.answers.set(REPLICA_SET, { metadata: { uid: 'replica-set-1', ownerReferences } });
      expect(await owns(fake)).toBe(false);
    }
  });

  it('when it belongs to another workload', async () => {
    const other = policySpecSchema.parse({ workload: { name: 'nodelocaldns' } }).workload;
    expect(await owns(theRealOnes(), parseDnsPod(aRawDnsPod()), other)).toBe(false);
  });

  it('when a Job or a StatefulSet of the same name controls it', async () => {
    for (const kind of ['Job', 'StatefulSet', 'DaemonSet'])
      expect(await owns(theRealOnes(), podOf(owner(kind, 'coredns', 'deployment-1')))).toBe(false);
  });
});

describe('a pod of a DaemonSet', () => {
  it('belongs to it under its real uid, and the DaemonSet is read once', async () => {
    const fake = theRealOnes();
    const ownership = createOwnership(fake.kube);
    const pod = podOf(owner('DaemonSet', 'coredns', 'daemon-set-1'));
    expect(await ownership.owns(daemonSet, pod, signal)).toBe(true);
    expect(await ownership.owns(daemonSet, pod, signal)).toBe(true);
    expect(fake.asked).toEqual([`GET ${DAEMON_SET}`]);
  });

  it('does not belong to it with a forged uid, with another name, or through a ReplicaSet', async () => {
    for (const reference of [
      owner('DaemonSet', 'coredns', 'forged'),
      owner('DaemonSet', 'kube-proxy', 'daemon-set-1'),
      owner('ReplicaSet', 'coredns-5d78', 'replica-set-1'),
    ])
      expect(await owns(theRealOnes(), podOf(reference), daemonSet)).toBe(false);
  });
});

describe('the workload of a pod', () => {
  const workloadOf = async (fake: FakeKube, pod = parseDnsPod(aRawDnsPod())) =>
    createOwnership(fake.kube).workloadOf(pod, signal);

  it('is a Deployment or a DaemonSet of any name, by its real uid', async () => {
    expect(await workloadOf(theRealOnes())).toEqual({ kind: 'Deployment', name: 'coredns' });
    const pod = podOf(owner('DaemonSet', 'coredns', 'daemon-set-1'));
    expect(await workloadOf(theRealOnes(), pod)).toEqual({ kind: 'DaemonSet', name: 'coredns' });
  });

  it('is null for a pod without a controller, of another kind, or with a forged uid', async () => {
    for (const reference of [
      [],
      [owner('StatefulSet', 'coredns', 'x')],
      [owner('ReplicaSet', 'coredns-5d78', 'forged')],
      [owner('DaemonSet', 'coredns', 'forged')],
    ])
      expect(await workloadOf(theRealOnes(), podOf(...reference))).toBeNull();
  });
});

it('an error of the API is never mistaken for "no"', async () => {
  for (const error of [kubeError(403, 'Forbidden'), kubeError(0, 'Unreachable')]) {
    const fake = theRealOnes();
    fake.answers.set(REPLICA_SET, error);
    await expect(owns(fake)).rejects.toBe(error);
  }
});
