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
  it('when its ReplicaSet and that one’s Deployment exist under the uids that are named', async () => {
    expect(await owns(theRealOnes())).toBe(true);
  });

  it('and asks once for each ReplicaSet', async () => {
    const fake = theRealOnes();
    const ownership = createOwnership(fake.kube);
    for (let time = 0; time < 5; time++) await ownership.owns(deployment, parseDnsPod(aRawDnsPod()), signal);
    expect(fake.asked).toEqual([`GET ${REPLICA_SET}`, `GET ${DEPLOYMENT}`]);
  });
});

describe('a policy with many pods', () => {
  it('asks once for the owner that they share, also when all are looked at together', async () => {
    const fake = theRealOnes();
    const ownership = createOwnership(fake.kube);
    const pods = Array.from({ length: 100 }, () => parseDnsPod(aRawDnsPod()));
    const answers = await Promise.all(pods.map(async (pod) => ownership.owns(deployment, pod, signal)));
    expect(answers).toEqual(pods.map(() => true));
    expect(fake.asked).toEqual([`GET ${REPLICA_SET}`, `GET ${DEPLOYMENT}`]);
  });

  it('asks again after a failure, which all of them see', async () => {
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
  it('when nobody controls it', async () => {
    expect(await owns(theRealOnes(), podOf())).toBe(false);
  });

  it('when it names the real ReplicaSet under a forged uid', async () => {
    expect(await owns(theRealOnes(), podOf(owner('ReplicaSet', 'coredns-5d78', 'forged')))).toBe(false);
  });

  it('when it names a ReplicaSet that does not exist', async () => {
    expect(await owns(theRealOnes(), podOf(owner('ReplicaSet', 'coredns-none', 'x')))).toBe(false);
  });

  it('when its ReplicaSet says that it belongs to a Deployment of another uid', async () => {
    const fake = theRealOnes();
    fake.answers.set(DEPLOYMENT, { metadata: { uid: 'deployment-of-today' } });
    expect(await owns(fake)).toBe(false);
  });

  it('when the Deployment was deleted, until there is one again', async () => {
    const fake = theRealOnes();
    const ownership = createOwnership(fake.kube);
    const pod = parseDnsPod(aRawDnsPod());
    fake.answers.delete(DEPLOYMENT);
    expect(await ownership.owns(deployment, pod, signal)).toBe(false);
    fake.answers.set(DEPLOYMENT, { metadata: { uid: 'deployment-1' } });
    expect(await ownership.owns(deployment, pod, signal)).toBe(true);
  });

  it('when its ReplicaSet belongs to nobody, or to something that is no Deployment', async () => {
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
  it('belongs to it under its real uid, and is asked for once', async () => {
    const fake = theRealOnes();
    const ownership = createOwnership(fake.kube);
    const pod = podOf(owner('DaemonSet', 'coredns', 'daemon-set-1'));
    expect(await ownership.owns(daemonSet, pod, signal)).toBe(true);
    expect(await ownership.owns(daemonSet, pod, signal)).toBe(true);
    expect(fake.asked).toEqual([`GET ${DAEMON_SET}`]);
  });

  it('does not belong to it under a forged uid, by another name, or through a ReplicaSet', async () => {
    for (const reference of [
      owner('DaemonSet', 'coredns', 'forged'),
      owner('DaemonSet', 'kube-proxy', 'daemon-set-1'),
      owner('ReplicaSet', 'coredns-5d78', 'replica-set-1'),
    ])
      expect(await owns(theRealOnes(), podOf(reference), daemonSet)).toBe(false);
  });
});

it('is never taken for a no when the API denies or does not answer', async () => {
  for (const error of [kubeError(403, 'Forbidden'), kubeError(0, 'Unreachable')]) {
    const fake = theRealOnes();
    fake.answers.set(REPLICA_SET, error);
    await expect(owns(fake)).rejects.toBe(error);
  }
});
