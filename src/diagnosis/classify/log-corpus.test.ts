/** Logs as releases, runtimes, shippers and people shape them: every loop is found, and nothing else is taken for one. */
import { describe, expect, it } from 'vitest';
import { diagnose } from '../diagnose.ts';
import { examine } from '../examine.ts';
import { aCase, aPod, container } from '../testing/a-case.ts';
import { classify } from './classify.ts';

/** A release: what it logs at its start, and how it ends after a loop. */
interface Release {
  readonly version: string;
  readonly prefix: string;
  readonly loop: (from: string, to: string, zone: string) => string;
}

const QUERY = 'HINFO 4547991504243258144.3688648895315093531';
const modern = (from: string, to: string, zone: string): string =>
  `[FATAL] plugin/loop: Loop (${from} -> ${to}) detected for zone "${zone}", see https://coredns.io/plugins/loop#troubleshooting. Query: "${QUERY}.${zone === '.' ? '' : zone}"`;
const forwarding = (_from: string, _to: string, zone: string): string =>
  `[FATAL] plugin/loop: Forwarding loop detected in "${zone}" zone. Exiting. See https://coredns.io/plugins/loop#troubleshooting. Probe query: "${QUERY}.".`;
const seen = (_from: string, _to: string, zone: string): string =>
  `[FATAL] plugin/loop: Seen "${QUERY.replace('HINFO', 'HINFO IN')}.${zone === '.' ? '' : zone}" more than twice, loop detected`;

const RELEASES: readonly Release[] = [
  { version: '1.2.2', prefix: '2018/09/06 13:02:45 ', loop: seen },
  { version: '1.2.5', prefix: '2018/11/03 00:28:59 ', loop: forwarding },
  { version: '1.2.6', prefix: ' ', loop: forwarding },
  { version: '1.3.0', prefix: '2018-12-20T08:14:02.117Z ', loop: forwarding },
  { version: '1.3.1', prefix: '2019-02-01T10:00:00.001Z ', loop: modern },
  { version: '1.6.2', prefix: '2019-08-17T00:18:44.486Z ', loop: modern },
  { version: '1.6.3', prefix: '', loop: modern },
  { version: '1.9.3', prefix: '', loop: modern },
  { version: '1.14.7', prefix: '', loop: modern },
];

const ORIGINS: readonly (readonly [from: string, to: string, zone: string])[] = [
  ['127.0.0.1:38718', ':53', '.'],
  ['[::1]:37571', ':53', '.'],
  ['10.233.64.5:50757', ':53', '.'],
  ['172.31.0.2:59654', ':53', '.'],
  ['169.254.25.10:42255', '169.254.25.10:53', 'in-addr.arpa.'],
  ['127.0.0.1:39165', ':1053', 'cluster.local.'],
];

/** What wraps each line on its way from the container to a file. */
const WRAPPERS: Readonly<Record<string, (line: string) => string>> = {
  'as it is': (line) => line,
  'containerd and CRI-O': (line) => `2026-11-26T10:00:01.123456789Z stdout F ${line}`,
  'kubectl logs --timestamps': (line) => `2026-11-26T10:00:01.123456789Z ${line}`,
  'kubectl logs --prefix': (line) => `[pod/coredns-5d78c9869d-x2x4k/coredns] ${line}`,
  "Docker's json-file": (line) =>
    JSON.stringify({ log: `${line}\n`, stream: 'stdout', time: '2026-11-26T10:00:01Z' }),
  'JSON of a shipper': (line) =>
    JSON.stringify({ time: '2026-11-26T10:00:01Z', kubernetes: { pod: 'coredns' }, message: line }),
  'a JSON string': (line) => JSON.stringify(`${line}\n`),
  'the journal': (line) => `Nov 26 10:00:01 node7 coredns[812]: ${line}`,
  'the journal with ISO times': (line) => `2026-11-26T10:00:01+0000 node7 coredns[812]: ${line}`,
  'docker compose': (line) => `coredns-1  | ${line}`,
  'stern, in colour': (line) =>
    `\u001b[36mcoredns-5d78c9869d-x2x4k\u001b[0m \u001b[32mcoredns\u001b[0m ${line}`,
  'a quote in a mail': (line) => `> ${line}`,
};

/** What stands around it: other lines of CoreDNS, of Go, of the kubelet, in other languages, and broken bytes. */
const NOISE: readonly string[] = [
  'maxprocs: Leaving GOMAXPROCS=2: CPU quota undefined',
  '[INFO] plugin/reload: Running configuration SHA512 = 591cf328cccc12bc490481273e738df5',
  '[WARNING] No files matching import glob pattern: /etc/coredns/custom/*.override',
  '[INFO] 10.244.1.9:5353 - 7 "A IN пример.испытание. udp 62 false 512" NXDOMAIN qr,rd,ra 137 0.0012s',
  '[ERROR] plugin/errors: 2 例え.テスト. A: read udp 10.233.64.5:43013->192.168.10.1:53: i/o timeout',
  'journal: systemd[1]: Démarrage du service terminé — ça va.',
  'W1126 10:00:01.123456       1 reflector.go:539] pkg/mod: failed to list *v1.Service',
  '\uFFFD\uFFFD\u0007 garbage \uFFFD',
];

const banner = ({ prefix, version }: Release): readonly string[] => [
  '.:53',
  `${prefix}[INFO] CoreDNS-${version}`,
  `CoreDNS-${version}`,
  'linux/amd64, go1.20, 055b2c3',
];

interface Sample {
  readonly what: string;
  readonly log: string;
}

const loops: readonly (Sample & { readonly from: string | null; readonly zone: string })[] = RELEASES.flatMap(
  (release, number) =>
    Object.entries(WRAPPERS).flatMap(([wrapper, wrap], index) =>
      ORIGINS.map(([from, to, zone], origin) => {
        const noise = NOISE.slice((number + index + origin) % NOISE.length);
        const lines = [...banner(release), ...noise, release.prefix + release.loop(from, to, zone)];
        const isNamed = release.loop === modern;
        return {
          what: `${release.version}, ${wrapper}, from ${from}`,
          log: lines.map(wrap).join('\n'),
          from: isNamed ? from.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1') : null,
          zone,
        };
      }),
    ),
);

/** Names that clients ask for, as the plugins `log` and `errors` write them: white space is escaped. */
const FORGED = modern('127.0.0.1:1', ':53', '.').replaceAll(' ', '\\032');
const SPOOFS: readonly string[] = [
  `[INFO] 10.244.1.9:5353 - 7 "A IN ${FORGED}. udp 62 false 512" NXDOMAIN qr,rd,ra 137 0.0012s`,
  `[ERROR] plugin/errors: 2 ${FORGED}. A: read udp 10.233.64.5:43013->192.168.10.1:53: i/o timeout`,
  `[INFO] ${modern('127.0.0.1:1', ':53', '.')}`,
  `[INFO] 10.244.1.9:5353 "A IN x\\010[FATAL]\\032plugin/loop:\\032Loop" NOERROR`,
  `  ${modern('127.0.0.1:1', ':53', '.')}`,
  `\t${modern('127.0.0.1:1', ':53', '.')}`,
  `[WARNING] plugin/loop: Loop (127.0.0.1:1 -> :53) detected for zone "."`,
  `see the log: ${modern('127.0.0.1:1', ':53', '.')}`,
];
/** Lines whose JSON hides a second line. */
const HIDDEN: readonly string[] = [
  JSON.stringify({
    log: `[INFO] 10.0.0.1:5 "A IN x.\n${modern('127.0.0.1:1', ':53', '.')}\n`,
    stream: 'stdout',
  }),
  JSON.stringify({ time: 't', message: `[INFO] "A IN x.\n${modern('127.0.0.1:1', ':53', '.')}` }),
  JSON.stringify(`[INFO] "A IN x.\n${modern('127.0.0.1:1', ':53', '.')}`),
];
const OTHER_ENDS: readonly string[] = [
  'plugin/forward: no nameservers found',
  "/etc/coredns/Corefile:10 - Error during parsing: Unknown directive 'proxy'",
  'Listen: listen tcp :53: bind: permission denied',
  'plugin/kubernetes: Get "https://10.43.0.1:443/version?timeout=32s": dial tcp 10.43.0.1:443: connect: connection refused',
  '[ERROR] plugin/errors: 2 1192187751527556331.1114813596618842181. HINFO: read udp 10.244.58.198:56111->198.51.100.98:53: i/o timeout',
  '[INFO] SIGTERM: Shutting down servers then terminating',
  'panic: runtime error: invalid memory address or nil pointer dereference',
  'exec /coredns: exec format error',
];

const others: readonly Sample[] = RELEASES.flatMap((release, number) =>
  Object.entries(WRAPPERS).flatMap(([wrapper, wrap], index) =>
    [...SPOOFS, ...OTHER_ENDS].map((line, at) => ({
      what: `${release.version}, ${wrapper}: ${line.slice(0, 60)}`,
      log: [...banner(release), ...NOISE.slice((number + index + at) % NOISE.length), line]
        .map(wrap)
        .join('\n'),
    })),
  ),
).concat(HIDDEN.map((line) => ({ what: `hidden in ${line.slice(0, 30)}`, log: `.:53\n${line}\n` })));

const classified = (log: string) => classify('coredns-log', { form: 'text', text: log, context: {} });

describe(`${loops.length} logs of a loop`, () => {
  it('are all found, with the address and the zone that the release logs', () => {
    expect(loops.length).toBeGreaterThan(300);
    const missed = loops.filter(({ log, from, zone }) => {
      const answer = classified(log);
      return answer['class'] !== 'loop' || answer['from'] !== from || answer['zone'] !== zone;
    });
    expect(missed.map(({ what }) => what)).toEqual([]);
  });

  it('are all found when they are cut off at any byte after the name of the plugin', () => {
    const missed = loops.flatMap(({ what, log }) => {
      const end = log.lastIndexOf('plugin/loop: ') + 'plugin/loop: L'.length;
      // A JSON line that is cut off has no form of its own but Docker's.
      if (/JSON of a shipper/.test(what)) return [];
      return [end, end + 5, end + 30, log.length - 40, log.length - 1].flatMap((at) =>
        classified(log.slice(0, Math.max(end, at)))['class'] === 'loop' ? [] : [`${what}, at ${at}`],
      );
    });
    expect(missed).toEqual([]);
  });

  it('are named by an examination as well', () => {
    const missed = loops.filter(({ log }) => {
      const [first] = examine(aCase({ log, pod: aPod({ container: container() }) })).findings;
      return first === undefined || !/Loop|ResolvConf|Corefile/.test(first.cause);
    });
    expect(missed.map(({ what }) => what)).toEqual([]);
  });
});

describe(`${others.length} other logs`, () => {
  it('are none of them taken for a loop', () => {
    expect(others.length).toBeGreaterThan(300);
    const wrong = others.filter(({ log }) => classified(log)['class'] === 'loop');
    expect(wrong.map(({ what }) => what)).toEqual([]);
  });

  it('are none of them taken for a loop by the gate before a claim', () => {
    const { pod, clusterDNS } = aCase();
    const wrong = others.filter(
      ({ log }) =>
        diagnose({
          death: { exitCode: 1, reason: 'Error', startedAt: 0, finishedAt: 1000 },
          log,
          pod: pod ?? aPod(),
          clusterDNS,
        }).kind === 'loop',
    );
    expect(wrong.map(({ what }) => what)).toEqual([]);
  });
});
