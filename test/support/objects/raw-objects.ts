/** Kubernetes objects as the API server returns them. By default: a looping CoreDNS pod of kubeadm's Deployment. */
import { isoAt } from './builders.ts';

export const LOOP_LINE =
  '[FATAL] plugin/loop: Loop (127.0.0.1:38718 -> :53) detected for zone ".", see https://coredns.io/plugins/loop#troubleshooting. Query: "HINFO 4547991504243258144.3688648895315093531."';

/** In whole seconds, as the kubelet writes them. */
export const stampAt = (seconds: number): string => isoAt(seconds).replace('.000Z', 'Z');

/** A log as the API serves it with timestamps, all of whose lines the runtime read at one time. */
export const loggedAt = (seconds: number, text: string): string =>
  text.replaceAll(/^(?=.)/gm, `${isoAt(seconds)} `);

/** How a container ended, as the kubelet reports it. */
export const aDeath = (overrides: object = {}) => ({
  terminated: {
    exitCode: 1,
    reason: 'Error',
    startedAt: stampAt(-1),
    finishedAt: stampAt(0),
    containerID: 'containerd://first',
    ...overrides,
  },
});

export const running = (seconds: number) => ({ running: { startedAt: stampAt(seconds) } });

interface RawPodOptions {
  readonly metadata?: object;
  readonly spec?: object;
  readonly status?: object | null;
  /** Of the container "coredns". */
  readonly container?: object;
}

/** A DNS pod whose container has died once and is not restarted yet. */
export function aRawDnsPod({ metadata, spec, status, container }: RawPodOptions = {}) {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: 'coredns-sick',
      namespace: 'kube-system',
      uid: 'pod-sick',
      resourceVersion: '7',
      creationTimestamp: stampAt(-10),
      labels: { 'k8s-app': 'kube-dns' },
      ownerReferences: [
        {
          apiVersion: 'apps/v1',
          kind: 'ReplicaSet',
          name: 'coredns-5d78',
          uid: 'replica-set-1',
          controller: true,
        },
      ],
      ...metadata,
    },
    spec: {
      nodeName: 'node-1',
      dnsPolicy: 'Default',
      containers: [{ name: 'coredns', image: 'coredns' }],
      volumes: [
        { name: 'config-volume', configMap: { name: 'coredns' } },
        { name: 'kube-api-access', projected: {} },
      ],
      ...spec,
    },
    status:
      status === null
        ? undefined
        : {
            phase: 'Running',
            podIP: '10.244.1.5',
            podIPs: [{ ip: '10.244.1.5' }, { ip: 'fd00:1::5' }],
            startTime: stampAt(-9),
            conditions: [{ type: 'Ready', status: 'False' }],
            containerStatuses: [
              {
                name: 'coredns',
                ready: false,
                restartCount: 0,
                image: 'registry.k8s.io/coredns/coredns:v1.12.1',
                containerID: 'containerd://first',
                state: aDeath(),
                lastState: {},
                ...container,
              },
            ],
            ...status,
          },
  };
}

/** A Ready, schedulable node. */
export const aRawNode = ({
  metadata,
  spec,
  status,
}: {
  readonly metadata?: object;
  readonly spec?: object;
  readonly status?: object;
} = {}) => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name: 'node-1', uid: 'uid-of-node-1', resourceVersion: '5', ...metadata },
  spec: { ...spec },
  status: {
    addresses: [
      { type: 'InternalIP', address: '192.0.2.11' },
      { type: 'Hostname', address: 'node-1' },
      { type: 'ExternalIP', address: '198.51.100.11' },
    ],
    conditions: [
      { type: 'MemoryPressure', status: 'False' },
      { type: 'Ready', status: 'True' },
    ],
    nodeInfo: {
      kubeletVersion: 'v1.34.4',
      osImage: 'Debian GNU/Linux 13 (trixie)',
      kernelVersion: '6.12.48',
      containerRuntimeVersion: 'containerd://2.1.4',
      bootID: '3b2e5a7c',
    },
    ...status,
  },
});
