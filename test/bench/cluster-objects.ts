/** The objects of the big cluster; pure. */

/** Labels of the DNS pods and their workload. */
export const DNS_LABELS = { 'k8s-app': 'kube-dns' };

/** The ReplicaSet of the DNS pods. */
export interface Owner {
  readonly name: string;
  readonly uid: string;
}

export const nodeName = (index: number): string =>
  `worker-${String(index).padStart(5, '0')}.example.internal`;
export const podName = (index: number): string => `coredns-6f6b679f8f-${String(index).padStart(5, '0')}`;

export function dnsPod(index: number, { name, uid }: Owner): object {
  return {
    metadata: {
      name: podName(index),
      labels: { ...DNS_LABELS, 'pod-template-hash': '6f6b679f8f' },
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
  };
}

/** Running and Ready. */
export function dnsPodStatus(index: number, startedAt: string): object {
  const ip = `10.${128 + (index >> 16)}.${(index >> 8) & 255}.${index & 255}`;
  const ready = (type: string) => ({ type, status: 'True', lastTransitionTime: startedAt });
  return {
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
}

/** As the kubelet of a busy node reports it: about 12 KB, half of it the list of images. */
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
