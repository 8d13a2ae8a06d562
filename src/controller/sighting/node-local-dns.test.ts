import { beforeEach, describe, expect, it } from 'vitest';
import { aRawDnsPod, loggedAt } from '../../../test/support/objects/raw-objects.ts';
import { aPolicy, sightingCluster } from '../../../test/support/objects/sighting-cluster.ts';
import { parseDnsPod } from '../../observe/dns-pod.ts';

/** As kubespray and as Kubernetes deploy it: in the host network, with an address that only this node has. */
const INSTALLERS = [
  {
    name: 'nodelocaldns',
    address: '169.254.25.10',
    upstream: '/etc/resolv.conf',
    advice: 'upstream_dns_servers',
  },
  {
    name: 'node-local-dns',
    address: '169.254.20.10',
    upstream: '__PILLAR__UPSTREAM__SERVERS__',
    advice: 'ConfigMap node-local-dns',
  },
] as const;

const logOf = (from: string, to: string) =>
  loggedAt(
    0,
    `2026/03/01 12:00:00 [INFO] Starting node-cache image: 1.25.0\n.:53 on ${to.replace(/:53$/, '')}\n[INFO] plugin/reload: Running configuration SHA512 = 0\nCoreDNS-1.11.3\nlinux/amd64, go1.22.5,\n[FATAL] plugin/loop: Loop (${from} -> ${to}) detected for zone ".", see https://coredns.io/plugins/loop#troubleshooting. Query: "HINFO 1.2."\n`,
  );

const CASES = INSTALLERS.flatMap((installer) =>
  (['workload', 'otherWorkloads'] as const).map((field) => ({ ...installer, field })),
);

describe.each(CASES)('a policy whose $field names the DaemonSet $name', (installed) => {
  const { name, address, upstream, advice, field } = installed;
  let cluster: ReturnType<typeof sightingCluster>;
  const corefile = `.:53 {\n errors\n loop\n bind ${address}\n forward . ${upstream}\n}\n`;

  beforeEach(() => {
    cluster = sightingCluster();
    const workload = { kind: 'DaemonSet', name, container: 'node-cache' };
    cluster.policies.set('coredns', aPolicy({ [field]: field === 'workload' ? workload : [workload] }));
    const owner = { apiVersion: 'apps/v1', kind: 'DaemonSet', name, uid: 'd', controller: true };
    const raw = aRawDnsPod({
      metadata: { labels: { 'k8s-app': 'node-local-dns' }, ownerReferences: [owner] },
      spec: { hostNetwork: true, volumes: [{ name: 'config-volume', configMap: { name } }] },
      status: { podIP: '192.0.2.11', podIPs: [{ ip: '192.0.2.11' }] },
      container: { name: 'node-cache' },
    });
    cluster.pods.set('kube-system/coredns-sick', parseDnsPod(raw));
    cluster.fake.answers.set(`/api/v1/namespaces/kube-system/configmaps/${name}`, {
      data: { Corefile: corefile },
    });
  });

  it.each([
    ['its own address', `${address}:40000`],
    ['the stub of systemd-resolved', '127.0.0.1:40000'],
    ['the address of its node', '192.0.2.11:40000'],
  ])('has a loop through %s reported with its remedy, and never repaired', async (_through, from) => {
    cluster.fake.log = () => logOf(from, `${address}:53`);
    expect(await cluster.look()).toEqual({ kind: 'done' });
    expect(cluster.fake.created).toEqual([]);
    const [observed] = cluster.sightings.observationsFor('policy-1');
    expect(observed).toMatchObject({ pod: 'coredns-sick', node: 'node-1', cause: 'NodeLocalLoop' });
    expect(observed?.advice).toContain(from.startsWith(address) ? advice : 'of the cache');
  });

  it('has another crash of it named as well', async () => {
    cluster.fake.log = () =>
      loggedAt(0, "/etc/coredns/Corefile:4 - Error during parsing: Unknown directive 'forwardd'\n");
    await cluster.look();
    expect(cluster.announced).toEqual(['CorefileError']);
    expect(cluster.sightings.observationsFor('policy-1')[0]?.advice).toContain(name);
  });
});
