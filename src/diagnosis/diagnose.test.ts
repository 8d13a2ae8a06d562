/** Cases for and against each cause. */
import { describe, expect, it } from 'vitest';
import { diagnose } from './diagnose.ts';
import { loopLine } from './testing/a-case.ts';
import { COREFILE, evidence, LOOPBACK, OLD, OLDEST } from './testing/loop-evidence.ts';

describe('the repairable cause', () => {
  it('is a loop on loopback, for ".", on port 53, through the resolv.conf of the pod', () => {
    expect(diagnose(evidence({ log: `.:53\nCoreDNS-1.9.3\n${LOOPBACK}\n` }))).toEqual({
      kind: 'loop',
      cause: 'KubeletResolvConf',
      sighting: { line: LOOPBACK, from: '127.0.0.1', to: ':53', zone: '.', corednsVersion: '1.9.3' },
      remedy: { kind: 'repair' },
    });
  });

  it.each([
    ['over IPv6', { log: loopLine('[::1]:37571') }],
    ['IPv4-mapped', { log: loopLine('[::ffff:127.0.0.1]:37571') }],
    ['after a reload of the Corefile', { log: `[INFO] Reloading\n[INFO] Reloading complete\n${LOOPBACK}` }],
    [
      'some seconds after the start, in a release that ignores timeouts',
      { log: `CoreDNS-1.3.1\n${LOOPBACK}`, livedMs: 9000 },
    ],
    ['with a stub domain beside it', { corefile: `corp.example {\n forward . 127.0.0.1\n}\n${COREFILE}` }],
    ['with `proxy`, the predecessor of `forward`', { corefile: COREFILE.replace('forward', 'proxy') }],
    [
      'beside files that it imports, as in managed clusters',
      {
        log: `CoreDNS-1.3.1\n${LOOPBACK}`,
        corefile:
          '.:53 {\n errors\n kubernetes cluster.local {\n  upstream\n }\n proxy . /etc/resolv.conf\n loop\n import custom/*.override\n}\nimport custom/*.server\n',
      },
    ],
    [
      'through another port of the same Corefile',
      { corefile: '. {\n forward . 127.0.0.1:5053\n loop\n}\n.:5053 {\n forward . /etc/resolv.conf\n}\n' },
    ],
    [
      'seen by the block on that other port',
      {
        log: loopLine('127.0.0.1:38718', ':5053'),
        corefile: '. {\n forward . 127.0.0.1:5053\n}\n.:5053 {\n forward . /etc/resolv.conf\n loop\n}\n',
      },
    ],
    ['when bound to an address', { log: loopLine('127.0.0.1:1', '10.244.0.7:53') }],
  ])('also %s', (_name, change) => {
    expect(diagnose(evidence(change))).toMatchObject({
      cause: 'KubeletResolvConf',
      remedy: { kind: 'repair' },
    });
  });
});

describe('everything else is advice', () => {
  it.each([
    [
      'a Corefile that forwards to itself',
      { corefile: '. {\n forward . 127.0.0.1\n loop\n}' },
      'CorefileForwardsToItself',
      /127\.0\.0\.1/,
    ],
    [
      'a Corefile that forwards to itself and to the file',
      { corefile: '. {\n forward . /etc/resolv.conf 127.0.0.1\n}' },
      'CorefileForwardsToItself',
      /127\.0\.0\.1/,
    ],
    [
      'a Corefile that forwards to the cluster DNS',
      { log: loopLine('10.244.0.7:1'), corefile: '. {\n forward . 10.96.0.10\n}' },
      'CorefileForwardsToItself',
      /10\.96\.0\.10/,
    ],
    [
      'a Corefile without the file',
      { corefile: '. {\n forward . /run/other.conf\n}' },
      'CorefileForwardsToItself',
      /\/run\/other\.conf/,
    ],
    [
      'a Corefile whose forward is imported',
      { corefile: '. {\n import /etc/custom/*\n}' },
      'UnknownLoop',
      /not certain.*\/etc\/custom/,
    ],
    [
      'a Corefile whose blocks are imported',
      { corefile: 'import /etc/custom/*.server\n' },
      'UnknownLoop',
      /not certain.*\/etc\/custom/,
    ],
    [
      'a sidecar',
      { corefile: '. {\n forward . 127.0.0.1:5053\n}' },
      'UnknownLoop',
      /127\.0\.0\.1:5053.*another program/,
    ],
    [
      'a sidecar beside the file',
      { corefile: '. {\n forward . /etc/resolv.conf 127.0.0.1:5053\n}' },
      'UnknownLoop',
      /another program/,
    ],
    [
      'a zone in a variable',
      { corefile: '{$ZONE}:53 {\n forward . /etc/resolv.conf\n}' },
      'UnknownLoop',
      /variable.*\{\$ZONE\}:53/,
    ],
    [
      'an upstream in a variable',
      { corefile: '. {\n forward . {$UPSTREAM}\n}' },
      'UnknownLoop',
      /variable.*\{\$UPSTREAM\}/,
    ],
    [
      'another plugin that forwards',
      { corefile: '. {\n grpc . 127.0.0.1:5053\n}' },
      'UnknownLoop',
      /neither/,
    ],
    [
      'two views of which one leads to the file',
      { corefile: `. {\n view v {\n expr true\n }\n forward . 192.0.2.1\n}\n${COREFILE}` },
      'UnknownLoop',
      /Several server blocks/,
    ],
    [
      'a chain that ends at itself',
      { corefile: '. {\n forward . 127.0.0.1:5053\n}\n.:5053 {\n forward . 127.0.0.1\n}' },
      'CorefileForwardsToItself',
      /127\.0\.0\.1:5053 -> 127\.0\.0\.1, which is CoreDNS itself/,
    ],
    [
      'a block on another port that no nameserver leads to',
      {
        log: loopLine('127.0.0.1:1', ':1053'),
        corefile: `${COREFILE}.:1053 {\n forward . /etc/resolv.conf\n}`,
      },
      'CorefileForwardsToItself',
      /listens on port 1053/,
    ],
    [
      'a Corefile without "."',
      { corefile: 'a.example {\n forward . 1.1.1.1\n}' },
      'CorefileForwardsToItself',
      /"\."/,
    ],
    ['another port', { log: loopLine('127.0.0.1:1', ':1053') }, 'CorefileForwardsToItself', /1053/],
    [
      'a line whose probe has no port',
      { log: loopLine('127.0.0.1:1', '') },
      'CorefileForwardsToItself',
      /port/,
    ],
    ['the host network', { pod: { hostNetwork: true } }, 'HostNetworkLoop', /host/],
    [
      'the host network, by node address',
      { log: loopLine('192.168.10.7:1'), pod: { hostNetwork: true, ips: ['192.168.10.7'] } },
      'HostNetworkLoop',
      /192\.168\.10\.7/,
    ],
    [
      'the host network, by the address of the node in the Corefile',
      {
        log: loopLine('192.168.10.7:1', '192.168.10.7:53'),
        corefile: '.:53 {\n bind eth0\n forward . 192.168.10.7\n loop\n}\n',
        pod: { hostNetwork: true, ips: ['192.168.10.7'] },
      },
      'HostNetworkLoop',
      /192\.168\.10\.7/,
    ],
    [
      'dnsPolicy None',
      { pod: { dnsPolicy: 'None', dnsConfigNameservers: ['127.0.0.1'] } },
      'PodDnsConfig',
      /127\.0\.0\.1/,
    ],
    ['extra nameservers', { pod: { dnsConfigNameservers: ['127.0.0.1'] } }, 'PodDnsConfig', /dnsConfig/],
    [
      'dnsPolicy ClusterFirst',
      { log: loopLine('10.244.0.7:1'), pod: { dnsPolicy: 'ClusterFirst' } },
      'PodDnsConfig',
      /ClusterFirst/,
    ],
    ['its own address', { log: loopLine('10.244.0.7:1') }, 'SelfAddressLoop', /10\.244\.0\.7/],
    ['its own address in another spelling', { log: loopLine('[fd00:0:0::7]:1') }, 'SelfAddressLoop', /fd00/],
    ['another machine', { log: loopLine('172.31.0.2:1') }, 'UpstreamLoop', /172\.31\.0\.2/],
    [
      'another machine, with a Corefile that cannot be read',
      { log: loopLine('172.31.0.2:1'), corefile: null },
      'UpstreamLoop',
      /172\.31\.0\.2/,
    ],
    ['the Service address', { log: loopLine('10.96.0.10:1') }, 'UpstreamLoop', /Service address/],
    ['node-local DNS', { log: loopLine('169.254.25.10:1') }, 'UpstreamLoop', /node-local/],
    [
      'a stub domain',
      { log: loopLine('127.0.0.1:1', ':53', 'corp.example.') },
      'StubDomainLoop',
      /corp\.example\./,
    ],
    ['timeouts before 1.2.6', { log: `CoreDNS-1.2.4\n${OLD}`, livedMs: 6000 }, 'FalseLoop', /1\.2\.6/],
    ['timeouts in the oldest wording', { log: OLDEST, livedMs: 6000 }, 'FalseLoop', /1\.2\.6/],
    [
      'timeouts with the dates of that release',
      {
        log: `.:53\n2018/11/05 13:48:16 [INFO] CoreDNS-1.2.2\nCoreDNS-1.2.2\n2018/11/05 13:48:22 ${OLDEST}`,
        livedMs: 6000,
      },
      'FalseLoop',
      /1\.2\.6/,
    ],
    [
      'no address in the line of 1.2.6, whose plugins begin their lines with a blank',
      { log: `2018-12-20T08:14:02.117Z [INFO] CoreDNS-1.2.6\n ${OLD}`, livedMs: 6000 },
      'UnknownLoop',
      /1\.3\.1/,
    ],
    ['no address in the line', { log: `CoreDNS-1.3.0\n${OLD}` }, 'UnknownLoop', /1\.3\.1/],
    [
      'no address in the line, at once, old release',
      { log: `CoreDNS-1.2.2\n${OLDEST}` },
      'UnknownLoop',
      /127/,
    ],
    ['a text that is not an address', { log: loopLine('somewhere') }, 'UnknownLoop', /address/],
    ['no Corefile', { corefile: null }, 'UnknownLoop', /could not be read/],
    [
      'a Corefile that cannot be parsed',
      { corefile: '. {\n forward . /etc/resolv.conf' },
      'UnknownLoop',
      /line 1/,
    ],
  ] as const)('for %s', (_name, change, cause, advice) => {
    const diagnosis = diagnose(evidence(change));
    expect(diagnosis).toMatchObject({ kind: 'loop', cause, remedy: { kind: 'advice' } });
    expect(diagnosis.remedy).toHaveProperty('advice', expect.stringMatching(advice));
  });

  it('names the objects as they are called in the cluster', () => {
    const names = { configMap: 'release-coredns', workload: 'deployment release-coredns' };
    const advice = (change: Parameters<typeof evidence>[0]) => {
      const { remedy } = diagnose({ ...evidence(change), ...names });
      return remedy.kind === 'advice' ? remedy.advice : '';
    };
    for (const change of [
      { corefile: '. {\n forward . 127.0.0.1\n}' },
      { pod: { hostNetwork: true } },
      { log: loopLine('127.0.0.1:1', ':53', 'corp.example.') },
      { log: 'plugin/forward: no nameservers found', corefile: '. {\n forward . /etc/x.conf\n}' },
      { log: '/etc/coredns/Corefile:3 - Error during parsing: x' },
    ])
      expect(advice(change)).toContain('`kubectl -n kube-system edit configmap release-coredns`');
    for (const change of [
      { pod: { dnsPolicy: 'ClusterFirst' } },
      { log: 'exec /coredns: operation not permitted' },
      { log: 'log: cannot create log: open /tmp/x: read-only file system' },
    ])
      expect(advice(change)).toContain('`kubectl -n kube-system edit deployment release-coredns`');
  });

  it('says how to let the operator read a Corefile that it may not read', () => {
    const { remedy, ...rest } = diagnose({
      ...evidence({ corefile: null }),
      unreadConfigMaps: ['release-coredns'],
    });
    expect(rest).toMatchObject({ kind: 'loop', cause: 'UnknownLoop' });
    expect(remedy).toHaveProperty('advice', expect.stringMatching(/release-coredns.*resourceNames/));
  });

  it('never repairs a kubelet for a node-local cache, which runs in the host network', () => {
    const nodeLocal =
      'cluster.local:53 {\n bind 169.254.20.10\n forward . 10.96.0.10\n loop\n}\n.:53 {\n bind 169.254.20.10\n forward . /etc/resolv.conf\n loop\n}\n';
    for (const from of ['127.0.0.1', '192.168.10.7', '169.254.20.10', '10.96.0.10', '[::1]'])
      for (const to of [':53', '169.254.20.10:53', '127.0.0.1:53'])
        for (const zone of ['.', 'cluster.local.', 'in-addr.arpa.'])
          for (const corefile of [nodeLocal, COREFILE, null]) {
            const pod = { hostNetwork: true, ips: ['192.168.10.7'] };
            const { remedy } = diagnose(evidence({ log: loopLine(`${from}:1`, to, zone), corefile, pod }));
            expect(remedy.kind).toBe('advice');
          }
  });

  it('attributes a line beside another exit code to another crash', () => {
    expect(diagnose(evidence({ exitCode: 137 }))).toMatchObject({ kind: 'crash', cause: 'LivenessKill' });
    expect(diagnose(evidence({ exitCode: 0 })).kind).toBe('crash');
  });

  it('asks for nothing after a restart of the node, even if the log has a loop line', () => {
    expect(diagnose(evidence({ exitCode: 255, reason: 'Unknown' }))).toMatchObject({
      kind: 'crash',
      cause: 'NodeRestarted',
      remedy: { kind: 'none' },
    });
  });
});
