/** A fake cluster of two nodes for the tests of `diagnose`: CoreDNS on node-1 loops, on node-2 it answers. */
import { type FakeKube, fakeKube } from './fake-kube.ts';
import { aRawDnsPod, aRawNode, LOOP_LINE, loggedAt, running, stampAt } from './raw-objects.ts';

const SYSTEM = '/api/v1/namespaces/kube-system';
const APPS = '/apis/apps/v1/namespaces/kube-system';
export const PATHS = {
  pods: `${SYSTEM}/pods`,
  services: `${SYSTEM}/services`,
  corefile: `${SYSTEM}/configmaps/coredns`,
  policies: '/apis/dnshealth.io/v1alpha1/dnshealthpolicies',
  remediations: '/apis/dnshealth.io/v1alpha1/dnsremediations',
  configz: (node: string) => `/api/v1/nodes/${node}/proxy/configz`,
  node: (node: string) => `/api/v1/nodes/${node}`,
} as const;

export const COREFILE = `.:53 {
    errors
    health
    ready
    kubernetes cluster.local in-addr.arpa ip6.arpa
    prometheus :9153
    forward . /etc/resolv.conf {
       max_concurrent 1000
    }
    cache 30
    loop
}
`;

/** Died at second 0, and waits for its next start. */
export const loopingPod = (): object => aRawDnsPod();

/** Ready since second -60, on node-2. */
export const healthyPod = (name = 'coredns-well', node = 'node-2'): object =>
  aRawDnsPod({
    metadata: { name, uid: `uid-of-${name}` },
    spec: { nodeName: node },
    status: { conditions: [{ type: 'Ready', status: 'True' }] },
    container: { ready: true, containerID: `containerd://${name}`, state: running(-60) },
  });

const configz = (resolvConf: string, more: object = {}): object => ({
  kubeletconfig: { resolvConf, clusterDomain: 'cluster.local', maxPods: 110, ...more },
});

/** @param pods @default one that loops on node-1, and one that answers on node-2 */
export function dnsCluster(pods: readonly object[] = [loopingPod(), healthyPod()]): FakeKube {
  const cluster = fakeKube({
    [PATHS.pods]: { items: pods },
    [PATHS.services]: { items: [{ spec: { clusterIP: '10.96.0.10', clusterIPs: ['10.96.0.10'] } }] },
    [PATHS.corefile]: { metadata: { name: 'coredns' }, data: { Corefile: COREFILE } },
    [PATHS.node('node-1')]: aRawNode(),
    [PATHS.node('node-2')]: aRawNode({ metadata: { name: 'node-2', uid: 'uid-of-node-2' } }),
    [PATHS.configz('node-1')]: configz('/etc/resolv.conf'),
    [PATHS.configz('node-2')]: configz('/run/systemd/resolve/resolv.conf', { maxPods: 250 }),
    [`${APPS}/replicasets/coredns-5d78`]: {
      metadata: {
        name: 'coredns-5d78',
        uid: 'replica-set-1',
        ownerReferences: [{ kind: 'Deployment', name: 'coredns', uid: 'deployment-1', controller: true }],
      },
    },
    [`${APPS}/deployments/coredns`]: { metadata: { name: 'coredns', uid: 'deployment-1' } },
    [`${SYSTEM}/events`]: { items: [] },
  });
  cluster.log = ({ pod }) =>
    pod === 'coredns-sick' ? loggedAt(0, `.:53\nCoreDNS-1.12.1\n${LOOP_LINE}\n`) : `.:53\nCoreDNS-1.12.1\n`;
  return cluster;
}

export const aPolicy = (spec: object = {}): object => ({
  metadata: { name: 'coredns', uid: 'policy-1', creationTimestamp: stampAt(-100) },
  spec,
  status: {},
});
