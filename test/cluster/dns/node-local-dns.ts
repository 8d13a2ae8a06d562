/** Node-local DNS as kubespray deploys it (nodelocaldns-daemonset.yml.j2), but run by the rig's CoreDNS; only on request. */
import type { Pod } from '../api-client.ts';
import { COREDNS_IMAGE } from '../build/cluster-images.ts';
import type { Rig } from '../rig.ts';
import { until } from '../until.ts';

export const NODE_LOCAL_ADDRESS = '169.254.25.10';
const NAME = 'nodelocaldns';
const NAMESPACE = 'kube-system';
const LABELS = { 'k8s-app': 'node-local-dns' };

/** The pods of node-local DNS that are not being deleted. */
export async function nodeLocalPods(rig: Rig, node: string): Promise<Pod[]> {
  const path = `/api/v1/namespaces/${NAMESPACE}/pods?labelSelector=k8s-app%3Dnode-local-dns`;
  const { items } = await rig.api.json<{ items: Pod[] }>(path);
  return items.filter(
    ({ metadata, spec }) => metadata.deletionTimestamp === undefined && spec.nodeName === node,
  );
}

/** Returns when each node has a pod of it, which may crash. */
export async function installNodeLocalDns(rig: Rig): Promise<void> {
  for (const { name } of rig.nodes) await addInterface(rig, name);
  await rig.kubectl(['apply', '-f', '-'], { input: JSON.stringify(manifests(rig)) });
  for (const { name } of rig.nodes) {
    await until(async () => (await nodeLocalPods(rig, name)).length > 0 || undefined, {
      what: `a pod of ${NAME} on ${name}`,
    });
  }
}

export async function removeNodeLocalDns(rig: Rig): Promise<void> {
  for (const kind of ['daemonset', 'configmap', 'serviceaccount'])
    await rig.kubectl(['-n', NAMESPACE, 'delete', kind, NAME, '--ignore-not-found', '--wait=true']);
  for (const { name } of rig.nodes) await rig.exec(name, ['ip', 'link', 'delete', NAME]);
}

/** node-cache makes it as a dummy interface. A bridge without ports does the same, also where that type is missing. */
async function addInterface(rig: Rig, node: string): Promise<void> {
  const script = `ip link show ${NAME} || ip link add ${NAME} type bridge
    ip address replace ${NODE_LOCAL_ADDRESS}/32 dev ${NAME}`;
  await rig.exec(node, ['sh', '-ec', script], { allowFailure: false });
}

/** kubespray's nodelocaldns-config.yml.j2; `.` goes to the servers of the node. */
function nodeLocalCorefile(rig: Rig): string {
  const block = (zone: string, upstream: string, health = '') => `${zone}:53 {
    errors
    cache 30
    reload
    loop
    bind ${NODE_LOCAL_ADDRESS}
    forward . ${upstream}
    prometheus :9253
${health}}
`;
  return [
    block(rig.plan.clusterDomain, rig.clusterDns, `    health ${NODE_LOCAL_ADDRESS}:9254\n`),
    block('in-addr.arpa', rig.clusterDns),
    block('ip6.arpa', rig.clusterDns),
    block('.', '/etc/resolv.conf'),
  ].join('');
}

function manifests(rig: Rig): object {
  const metadata = { name: NAME, namespace: NAMESPACE };
  const probe = {
    httpGet: { host: NODE_LOCAL_ADDRESS, path: '/health', port: 9254, scheme: 'HTTP' },
    timeoutSeconds: 5,
    failureThreshold: 10,
  };
  return {
    apiVersion: 'v1',
    kind: 'List',
    items: [
      { apiVersion: 'v1', kind: 'ServiceAccount', metadata },
      { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { Corefile: nodeLocalCorefile(rig) } },
      {
        apiVersion: 'apps/v1',
        kind: 'DaemonSet',
        metadata: { ...metadata, labels: { 'k8s-app': 'kube-dns' } },
        spec: {
          selector: { matchLabels: LABELS },
          template: {
            metadata: { labels: LABELS },
            spec: {
              priorityClassName: 'system-node-critical',
              serviceAccountName: NAME,
              hostNetwork: true,
              dnsPolicy: 'Default',
              terminationGracePeriodSeconds: 0,
              tolerations: [
                { effect: 'NoSchedule', operator: 'Exists' },
                { effect: 'NoExecute', operator: 'Exists' },
              ],
              containers: [
                {
                  name: 'node-cache',
                  image: COREDNS_IMAGE,
                  imagePullPolicy: 'IfNotPresent',
                  args: ['-conf', '/etc/coredns/Corefile'],
                  resources: { limits: { memory: '200Mi' }, requests: { cpu: '100m', memory: '70Mi' } },
                  securityContext: {
                    allowPrivilegeEscalation: false,
                    capabilities: { add: ['NET_BIND_SERVICE'], drop: ['ALL'] },
                  },
                  livenessProbe: probe,
                  readinessProbe: probe,
                  volumeMounts: [{ name: 'config-volume', mountPath: '/etc/coredns' }],
                },
              ],
              volumes: [{ name: 'config-volume', configMap: { name: NAME } }],
            },
          },
        },
      },
    ],
  };
}
