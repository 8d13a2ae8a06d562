/** A cluster of the size that the goals name, as objects on a test apiserver without kubelets. */
import type { Apiserver } from '../support/apiserver/apiserver.ts';
import { applyCrds } from '../support/apiserver/crds.ts';
import { applyInstallation, tokenOf } from '../support/apiserver/installed-rbac.ts';
import { aNode, DNS_LABELS, dnsPod, dnsPodStatus, nodeName, type Owner, podName } from './cluster-objects.ts';

export interface ClusterSize {
  readonly nodes: number;
  readonly dnsPods: number;
}

/** The size that the goals name. */
export const BIG: ClusterSize = { nodes: 5_000, dnsPods: 2_000 };

/** Parallel calls; a connection takes up to a hundred. */
const AT_A_TIME = 50;
const DNS_PODS = '/api/v1/namespaces/kube-system/pods';

/** Creates nodes, and pods with a Deployment and ReplicaSet as their owners; returns the ReplicaSet. */
async function populate(server: Apiserver, { nodes, dnsPods }: ClusterSize): Promise<Owner> {
  await inParallel(nodes, async (index) => created(server, '/api/v1/nodes', aNode(index)));
  const owner = await dnsWorkload(server);
  await inParallel(dnsPods, async (index) => createDnsPod(server, index, owner));
  return owner;
}

/** Creates a cluster of this size with the CRDs, the operator's roles and a policy; the token is the operator's. */
export async function bigCluster(
  server: Apiserver,
  size: ClusterSize,
): Promise<{ readonly owner: Owner; readonly token: string }> {
  await applyCrds(server);
  await applyInstallation(server);
  const owner = await populate(server, size);
  await created(server, '/apis/dnshealth.io/v1alpha1/dnshealthpolicies', {
    apiVersion: 'dnshealth.io/v1alpha1',
    kind: 'DNSHealthPolicy',
    metadata: { name: 'coredns' },
    spec: {},
  });
  return { owner, token: await tokenOf(server, 'dnshealth-system', 'dnshealth-operator') };
}

/** Creates the Deployment `coredns` and its ReplicaSet; returns the latter. */
async function dnsWorkload(server: Apiserver): Promise<Owner> {
  const path = '/apis/apps/v1/namespaces/kube-system';
  const template = {
    metadata: { labels: DNS_LABELS },
    spec: { containers: [{ name: 'coredns', image: 'registry.k8s.io/coredns/coredns:v1.12.1' }] },
  };
  const deployment = await created(server, `${path}/deployments`, {
    metadata: { name: 'coredns', labels: DNS_LABELS },
    spec: { selector: { matchLabels: DNS_LABELS }, template },
  });
  const { uid, name } = deployment.metadata;
  const replicaSet = await created(server, `${path}/replicasets`, {
    metadata: {
      name: 'coredns-6f6b679f8f',
      ownerReferences: [{ apiVersion: 'apps/v1', kind: 'Deployment', name, uid, controller: true }],
    },
    spec: { selector: { matchLabels: DNS_LABELS }, template },
  });
  return replicaSet.metadata;
}

/** Creates a pod that is Running and Ready. The server accepts the status only in a separate call. */
export async function createDnsPod(server: Apiserver, index: number, owner: Owner): Promise<void> {
  const pod = await created(server, DNS_PODS, dnsPod(index, owner));
  const status = dnsPodStatus(index, pod.metadata.creationTimestamp);
  await patched(server, `${DNS_PODS}/${podName(index)}/status`, { status });
}

/** Patches the status of a node, as its kubelet does every five minutes. */
export async function heartbeat(server: Apiserver, index: number): Promise<void> {
  const conditions = [{ type: 'Ready', lastHeartbeatTime: new Date().toISOString() }];
  await patched(server, `/api/v1/nodes/${nodeName(index)}/status`, { status: { conditions } });
}

// oxlint-disable-next-line typescript/no-explicit-any -- any object
async function created(server: Apiserver, path: string, object: object): Promise<any> {
  const { status, body } = await server.call('POST', path, object);
  if (status !== 201) throw new Error(`POST ${path}: ${status} ${JSON.stringify(body)}`);
  return body;
}

async function patched(server: Apiserver, path: string, patch: object): Promise<void> {
  const contentType = 'application/strategic-merge-patch+json';
  const { status, body } = await server.call('PATCH', path, patch, { contentType });
  if (status !== 200) throw new Error(`PATCH ${path}: ${status} ${JSON.stringify(body)}`);
}

/** Calls `work` with 0 to `count` - 1, fifty at a time. */
export async function inParallel(count: number, work: (index: number) => Promise<void>): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < count) await work(next++);
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, worker));
}
