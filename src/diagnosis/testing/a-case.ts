/** A DNS pod on a node whose kubelet gives out the stub of systemd-resolved, with everything known; and parts of it. */
import type { Case, CaseAnswer, CaseContainer, CasePod, SavedText } from '../case.ts';
import type { Death } from '../evidence.ts';

export const STUB = '/run/systemd/resolve/stub-resolv.conf';
export const UPLINK = '/run/systemd/resolve/resolv.conf';
export const COREFILE =
  '.:53 {\n    errors\n    forward . /etc/resolv.conf {\n       max_concurrent 1000\n    }\n    loop\n    reload\n}\n';

export const loopLine = (from = '127.0.0.1:38718', to = ':53', zone = '.'): string =>
  `[FATAL] plugin/loop: Loop (${from} -> ${to}) detected for zone "${zone}", see https://coredns.io/plugins/loop#troubleshooting. Query: "HINFO 11.22.${zone === '.' ? '' : zone}"`;

export const servers = (...addresses: readonly string[]): string =>
  `${addresses.map((address) => `nameserver ${address}`).join('\n')}\nsearch corp.example\n`;

export const file = (source: string, ...addresses: readonly string[]): SavedText => ({
  source,
  text: servers(...addresses),
});

export const death = (change: Partial<Death> = {}): Death => ({
  exitCode: 1,
  reason: 'Error',
  startedAt: 1_000_000,
  finishedAt: 1_001_000,
  ...change,
});

export const container = (change: Partial<CaseContainer> = {}): CaseContainer => ({
  name: 'coredns',
  restartCount: 5,
  state: 'waiting',
  waitingReason: 'CrashLoopBackOff',
  death: death(),
  ...change,
});

export const aPod = (change: Partial<CasePod> = {}): CasePod => ({
  name: 'coredns-abc',
  namespace: 'kube-system',
  node: 'node7',
  workload: { kind: 'Deployment', name: 'coredns' },
  ips: ['10.233.64.5'],
  hostNetwork: false,
  dnsPolicy: 'Default',
  dnsConfigNameservers: [],
  createdAt: 900_000,
  ready: false,
  container: container(),
  ...change,
});

export const running = (ready = true): CasePod => {
  const { death: _death, waitingReason: _reason, ...rest } = container();
  return aPod({ ready, container: { ...rest, restartCount: 0, state: 'running', runningSince: 950_000 } });
};

export const aCase = (change: Partial<Case> = {}): Case => ({
  pod: aPod(),
  log: `.:53\nCoreDNS-1.11.1\n${loopLine()}\n`,
  corefile: { text: COREFILE, source: 'ConfigMap kube-system/coredns' },
  configMap: 'coredns',
  clusterDNS: ['10.233.0.3'],
  nodeLocalDNS: [],
  node: {
    name: 'node7',
    addresses: ['192.168.10.7'],
    osImage: 'Ubuntu 22.04.4 LTS',
    kubeletVersion: 'v1.34.4',
    labels: {},
    annotations: {},
    kubeletStartedAt: 800_000,
  },
  sandboxResolvConf: file('sandbox of coredns-abc', '127.0.0.53'),
  newPodResolvConf: file('a new pod on node7', '127.0.0.53'),
  hostFiles: [file('/etc/resolv.conf', '127.0.0.53'), file(UPLINK, '192.168.10.1')],
  kubelet: {
    running: { value: '/etc/resolv.conf', source: '/configz of node7' },
    layers: [
      { kind: 'config', value: '/etc/resolv.conf', path: '/etc/kubernetes/kubelet-config.yaml', line: 4 },
    ],
  },
  siblings: [{ pod: 'coredns-def', node: 'node8' }],
  ...change,
});

export const corefile = (text: string) => ({ text, source: 'ConfigMap kube-system/coredns' });
export const good = file('a new pod on node7', '192.168.10.1');
export const answer = (
  scope: CaseAnswer['scope'],
  ok: boolean,
  result = ok ? 'NOERROR' : 'REFUSED',
): CaseAnswer[] =>
  (['UDP', 'TCP'] as const).map((protocol) => ({
    name: scope === 'Cluster' ? 'kubernetes.default.svc.cluster.local' : 'example.com',
    scope,
    protocol,
    result,
    ok,
    ms: 2,
  }));
export const well = [...answer('Cluster', true), ...answer('External', true)];
export const onlyCluster = [...answer('Cluster', true), ...answer('External', false)];
