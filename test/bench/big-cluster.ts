/** A cluster of the size that the goals name, as objects on a test apiserver: no kubelet stands behind them. */
import type { Apiserver } from '../support/apiserver/apiserver.ts';
import { applyCrds } from '../support/apiserver/crds.ts';
import { applyInstallation, tokenOf } from '../support/apiserver/installed-rbac.ts';

export interface ClusterSize {
  readonly nodes: number;
  readonly dnsPods: number;
}

/** The size that the goals name. */
export const BIG: ClusterSize = { nodes: 5_000, dnsPods: 2_000 };

/** One connection takes a hundred calls at a time. */
const AT_A_TIME = 50;
const DNS_PODS = '/api/v1/namespaces/kube-system/pods';
const LABELS = { 'k8s-app': 'kube-dns' };

export const nodeName = (index: number): string =>
  `worker-${String(index).padStart(5, '0')}.example.internal`;
export const podName = (index: number): string => `coredns-6f6b679f8f-${String(index).padStart(5, '0')}`;

/** Nodes, and the pods of one real Deployment and ReplicaSet, so that whoever asks for owners finds them: given back. */
export async function populate(server: Apiserver, { nodes, dnsPods }: ClusterSize): Promise<Owner> {
  await inParallel(nodes, async (index) => created(server, '/api/v1/nodes', aNode(index)));
  const owner = await dnsWorkload(server);
  await inParallel(dnsPods, async (index) => createDnsPod(server, index, owner));
  return owner;
}

/** A cluster of this size with the operator's kinds, roles and a policy; and the token of its service account. */
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

export interface Owner {
  readonly name: string;
  readonly uid: string;
}

/** The Deployment `coredns` and its ReplicaSet; gives the latter. */
async function dnsWorkload(server: Apiserver): Promise<Owner> {
  const path = '/apis/apps/v1/namespaces/kube-system';
  const template = {
    metadata: { labels: LABELS },
    spec: { containers: [{ name: 'coredns', image: 'registry.k8s.io/coredns/coredns:v1.12.1' }] },
  };
  const deployment = await created(server, `${path}/deployments`, {
    metadata: { name: 'coredns', labels: LABELS },
    spec: { selector: { matchLabels: LABELS }, template },
  });
  const { uid, name } = deployment.metadata;
  const replicaSet = await created(server, `${path}/replicasets`, {
    metadata: {
      name: 'coredns-6f6b679f8f',
      ownerReferences: [{ apiVersion: 'apps/v1', kind: 'Deployment', name, uid, controller: true }],
    },
    spec: { selector: { matchLabels: LABELS }, template },
  });
  return replicaSet.metadata;
}

/** A pod that runs and is Ready. The server takes the status in a call of its own only. */
export async function createDnsPod(server: Apiserver, index: number, { name, uid }: Owner): Promise<void> {
  const pod = await created(server, DNS_PODS, {
    metadata: {
      name: podName(index),
      labels: { ...LABELS, 'pod-template-hash': '6f6b679f8f' },
      ownerReferences: [{ apiVersion: 'apps/v1', kind: 'ReplicaSet', name, uid, controller: true }],
    },
    spec: {
      nodeName: nodeName(index),
      dnsPolicy: 'Default',
      priorityClassName: 'system-cluster-critical',
      containers: [
        {
          name: 'coredns',
          image: 'registry.k8s.io/coredns/coredns:v1.12.1',
          args: ['-conf', '/etc/coredns/Corefile'],
          ports: [
            { containerPort: 53, protocol: 'UDP', name: 'dns' },
            { containerPort: 53, protocol: 'TCP', name: 'dns-tcp' },
            { containerPort: 9153, protocol: 'TCP', name: 'metrics' },
          ],
          resources: { limits: { memory: '170Mi' }, requests: { cpu: '100m', memory: '70Mi' } },
          volumeMounts: [{ name: 'config-volume', mountPath: '/etc/coredns', readOnly: true }],
        },
      ],
      volumes: [{ name: 'config-volume', configMap: { name: 'coredns' } }],
    },
  });
  const startedAt = pod.metadata.creationTimestamp;
  const ip = `10.${128 + (index >> 16)}.${(index >> 8) & 255}.${index & 255}`;
  const ready = (type: string) => ({ type, status: 'True', lastTransitionTime: startedAt });
  const status = {
    phase: 'Running',
    podIP: ip,
    podIPs: [{ ip }],
    startTime: startedAt,
    conditions: ['PodScheduled', 'Initialized', 'ContainersReady', 'Ready'].map(ready),
    containerStatuses: [
      {
        name: 'coredns',
        ready: true,
        restartCount: 0,
        image: 'registry.k8s.io/coredns/coredns:v1.12.1',
        imageID: `registry.k8s.io/coredns/coredns@sha256:${'0'.repeat(64)}`,
        containerID: `containerd://${String(index).padStart(64, '0')}`,
        state: { running: { startedAt } },
      },
    ],
  };
  await patched(server, `${DNS_PODS}/${podName(index)}/status`, { status });
}

/** As a kubelet of a node in use reports it: some 12 KB, of which the list of images is the half. */
export function aNode(index: number): object {
  const name = nodeName(index);
  const at = '2026-01-01T00:00:00Z';
  const condition = (type: string, status: string, reason: string) => ({
    type,
    status,
    reason,
    message: `kubelet has the condition ${reason}`,
    lastHeartbeatTime: at,
    lastTransitionTime: at,
  });
  const amounts = { cpu: '16', memory: '65536000Ki', pods: '110', 'ephemeral-storage': '203056560Ki' };
  return {
    metadata: {
      name,
      labels: {
        'beta.kubernetes.io/arch': 'amd64',
        'beta.kubernetes.io/os': 'linux',
        'kubernetes.io/arch': 'amd64',
        'kubernetes.io/os': 'linux',
        'kubernetes.io/hostname': name,
        'node.kubernetes.io/instance-type': 'm5.4xlarge',
        'topology.kubernetes.io/region': 'eu-central-1',
        'topology.kubernetes.io/zone': `eu-central-1${'abc'[index % 3]}`,
        'node-role.kubernetes.io/worker': '',
      },
      annotations: {
        'kubeadm.alpha.kubernetes.io/cri-socket': 'unix:///run/containerd/containerd.sock',
        'node.alpha.kubernetes.io/ttl': '0',
        'volumes.kubernetes.io/controller-managed-attach-detach': 'true',
        'csi.volume.kubernetes.io/nodeid': `{"ebs.csi.aws.com":"i-${String(index).padStart(17, '0')}"}`,
      },
    },
    spec: { podCIDR: `10.${index >> 8}.${index & 255}.0/24`, providerID: `aws:///eu-central-1a/i-${index}` },
    status: {
      capacity: amounts,
      allocatable: amounts,
      addresses: [
        { type: 'InternalIP', address: `172.${16 + (index >> 16)}.${(index >> 8) & 255}.${index & 255}` },
        { type: 'Hostname', address: name },
      ],
      conditions: [
        condition('MemoryPressure', 'False', 'KubeletHasSufficientMemory'),
        condition('DiskPressure', 'False', 'KubeletHasNoDiskPressure'),
        condition('PIDPressure', 'False', 'KubeletHasSufficientPID'),
        condition('Ready', 'True', 'KubeletReady'),
      ],
      nodeInfo: {
        architecture: 'amd64',
        bootID: '7b1c3c9e-0000-4000-8000-000000000000',
        containerRuntimeVersion: 'containerd://2.1.4',
        kernelVersion: '6.12.0-amd64',
        kubeProxyVersion: '',
        kubeletVersion: 'v1.34.4',
        machineID: '0'.repeat(32),
        operatingSystem: 'linux',
        osImage: 'Debian GNU/Linux 13 (trixie)',
        systemUUID: `ec2${String(index).padStart(29, '0')}`,
      },
      images: Array.from({ length: 44 }, (_, image) => ({
        names: [
          `registry.example.com/team-${image % 7}/service-${image}@sha256:${String(image).padStart(64, '0')}`,
          `registry.example.com/team-${image % 7}/service-${image}:v1.${image}.0`,
        ],
        sizeBytes: 50_000_000 + image,
      })),
    },
  };
}

/** One patch of a node's status, as its kubelet sends it every five minutes. */
export async function heartbeat(server: Apiserver, index: number): Promise<void> {
  const conditions = [{ type: 'Ready', lastHeartbeatTime: new Date().toISOString() }];
  await patched(server, `/api/v1/nodes/${nodeName(index)}/status`, { status: { conditions } });
}

// oxlint-disable-next-line typescript/no-explicit-any -- what the server answered
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

async function inParallel(count: number, work: (index: number) => Promise<void>): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < count) await work(next++);
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, worker));
}
