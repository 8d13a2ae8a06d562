/** One case for each cause from each side, and what no log may ever bring about. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { diagnose } from './diagnose.ts';
import type { Evidence } from './evidence.ts';

const COREFILE = '.:53 {\n errors\n forward . /etc/resolv.conf\n loop\n}\n';
const loopLine = (from: string, to = ':53', zone = '.') =>
  `[FATAL] plugin/loop: Loop (${from} -> ${to}) detected for zone "${zone}", see https://coredns.io/plugins/loop#troubleshooting. Query: "HINFO 11.22.${zone === '.' ? '' : zone}"`;
const LOOPBACK = loopLine('127.0.0.1:38718');
const OLD = '[FATAL] plugin/loop: Forwarding loop detected in "." zone. Exiting. See';
const OLDEST = '[FATAL] plugin/loop: Seen "HINFO IN 11.22." more than twice, loop detected';

/** The article's incident, with changes. */
function evidence(change: {
  readonly log?: string;
  readonly livedMs?: number;
  readonly exitCode?: number;
  readonly reason?: string;
  readonly corefile?: string | null;
  readonly pod?: Partial<Evidence['pod']>;
}): Evidence {
  const { log = LOOPBACK, livedMs = 1000, exitCode = 1, reason = 'Error', pod = {} } = change;
  const { corefile = COREFILE } = change;
  return {
    death: { exitCode, reason, startedAt: 1_000_000, finishedAt: 1_000_000 + livedMs },
    log,
    ...(corefile === null ? {} : { corefile }),
    pod: {
      ips: ['10.244.0.7', 'fd00::7'],
      hostNetwork: false,
      dnsPolicy: 'Default',
      dnsConfigNameservers: [],
      ...pod,
    },
    clusterDNS: ['10.96.0.10'],
  };
}

describe('the repairable cause', () => {
  it('is the article: loopback, ".", port 53, the pod\'s own resolv.conf', () => {
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
      'some seconds after the start, in a release that tells time-outs apart',
      { log: `CoreDNS-1.3.1\n${LOOPBACK}`, livedMs: 9000 },
    ],
    ['with a stub domain beside it', { corefile: `corp.example {\n forward . 127.0.0.1\n}\n${COREFILE}` }],
    ['with `proxy`, as forward was called once', { corefile: COREFILE.replace('forward', 'proxy') }],
    ['bound to an address', { log: loopLine('127.0.0.1:1', '10.244.0.7:53') }],
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
      'a Corefile that names itself',
      { corefile: '. {\n forward . 127.0.0.1\n loop\n}' },
      'CorefileForwardsToItself',
      /127\.0\.0\.1/,
    ],
    [
      'a Corefile that names itself beside the file',
      { corefile: '. {\n forward . /etc/resolv.conf 127.0.0.1\n}' },
      'CorefileForwardsToItself',
      /127\.0\.0\.1/,
    ],
    [
      'a Corefile that names the cluster DNS',
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
      'CorefileForwardsToItself',
      /\/etc\/custom/,
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
      'another machine, with a Corefile that is not readable',
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
    ['time-outs before 1.2.6', { log: `CoreDNS-1.2.4\n${OLD}`, livedMs: 6000 }, 'FalseLoop', /1\.2\.6/],
    ['time-outs in the oldest wording', { log: OLDEST, livedMs: 6000 }, 'FalseLoop', /1\.2\.6/],
    ['no address in the line', { log: `CoreDNS-1.3.0\n${OLD}` }, 'UnknownLoop', /1\.3\.1/],
    [
      'no address in the line, at once, old release',
      { log: `CoreDNS-1.2.2\n${OLDEST}` },
      'UnknownLoop',
      /127/,
    ],
    ['an address that is none', { log: loopLine('somewhere') }, 'UnknownLoop', /address/],
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

  it('a line beside another exit code is of another death', () => {
    expect(diagnose(evidence({ exitCode: 137 }))).toMatchObject({ kind: 'crash', cause: 'LivenessKill' });
    expect(diagnose(evidence({ exitCode: 0 })).kind).toBe('crash');
  });

  it('a restart of the node is neither a loop nor a reason to do anything, whatever the log says', () => {
    expect(diagnose(evidence({ exitCode: 255, reason: 'Unknown' }))).toMatchObject({
      kind: 'crash',
      cause: 'NodeRestarted',
      remedy: { kind: 'none' },
    });
  });
});

/** Lines as a client can cause them, the escaping of names included or not. */
const clientLine = fc
  .tuple(
    fc.constantFrom('[INFO] 10.0.0.1:5 - 7 "A IN ', '[ERROR] plugin/errors: 2 ', '[INFO] ', '[WARNING] '),
    fc.oneof(fc.string({ maxLength: 30 }), fc.constantFrom(LOOPBACK, OLD, 'CoreDNS-1.2.0.')),
    fc.constantFrom('. udp 62 false 512" NOERROR', '. A: read udp', ''),
  )
  .map((parts) => parts.join('').replace(/[\r\n]/g, ' '))
  // These tell of the server's own state, and are its own words: they may count.
  .filter((line) => !/SIGTERM|lameduck|Kubernetes API|exceeded maximum|refused$|timeout/.test(line));

describe('for any log', () => {
  it('without the anchored line there is no loop', () => {
    fc.assert(
      fc.property(fc.array(clientLine), (lines) => {
        expect(diagnose(evidence({ log: lines.join('\n') })).kind).toBe('crash');
      }),
    );
  });

  it('lines in front of it never change the diagnosis', () => {
    const ending = fc.constantFrom(
      LOOPBACK,
      loopLine('172.31.0.2:1'),
      loopLine('127.0.0.1:1', ':53', 'corp.example.'),
      OLD,
      'plugin/forward: no nameservers found',
      "/etc/coredns/Corefile:10 - Error during parsing: Unknown directive 'proxy'",
      'Listen: listen tcp :53: bind: address already in use',
    );
    fc.assert(
      fc.property(fc.array(clientLine), ending, (lines, end) => {
        const alone = diagnose(evidence({ log: end }));
        expect(diagnose(evidence({ log: [...lines, end].join('\n') }))).toEqual(alone);
      }),
    );
  });

  it('a repair needs every one of its conditions', () => {
    const flag = fc.boolean();
    fc.assert(
      fc.property(
        fc.record({
          loopback: flag,
          root: flag,
          port: flag,
          file: flag,
          host: flag,
          policy: flag,
          config: flag,
        }),
        (is) => {
          const { remedy } = diagnose(
            evidence({
              log: loopLine(
                is.loopback ? '127.0.0.1:1' : '10.9.9.9:1',
                is.port ? ':53' : ':1053',
                is.root ? '.' : 'a.',
              ),
              corefile: is.file ? COREFILE : '. {\n forward . 8.8.8.8\n}',
              pod: {
                hostNetwork: is.host,
                dnsPolicy: is.policy ? 'Default' : 'ClusterFirst',
                dnsConfigNameservers: is.config ? ['10.1.1.1'] : [],
              },
            }),
          );
          const all = is.loopback && is.root && is.port && is.file && !is.host && is.policy && !is.config;
          expect(remedy.kind).toBe(all ? 'repair' : 'advice');
        },
      ),
      { numRuns: 500 },
    );
  });
});
