/** What a client can write into a log with a query name is never taken for what CoreDNS itself has to say. */
import { expect, it } from 'vitest';
import { classifyCrash } from './crash.ts';
import { findLoopLine } from './loop-line.ts';

/** Not fast-check: its shrinking is not needed for independent lines, and 200,000 runs would take a minute. */
const RUNS = 200_000;
const SEED = 20_181_220;

const LOOP =
  '[FATAL] plugin/loop: Loop (127.0.0.1:38718 -> :53) detected for zone ".", see https://coredns.io/plugins/loop#troubleshooting. Query: "HINFO 11.22."';
/** What a client may want the operator to read. Each is believed at the start of a line. */
const WANTED = [
  LOOP,
  '[FATAL] plugin/loop: Forwarding loop detected in "." zone. Exiting.',
  '[FATAL] plugin/loop: Seen "HINFO IN 11.22." more than twice, loop detected',
  'panic: too many concurrent operations on a single file or socket (max 1048575)',
  'runtime: out of memory: cannot allocate 4194304-byte block',
  'exec /coredns: exec format error',
  'plugin/forward: no nameservers found',
  'Listen: listen tcp :53: bind: permission denied',
  "/etc/coredns/Corefile:10 - Error during parsing: Unknown directive 'proxy'",
];
const NOISE = [
  ' ',
  '  ',
  '\\',
  '\\n',
  '\\"',
  '"',
  '{"log":"',
  'stdout F ',
  '[INFO] ',
  '\t',
  'x',
  '.',
  '%',
  '\u2028',
];
/** Where a name ends up. `escaped` as miekg/dns prints a name; some programs and log formats print it as it came. */
const LINES: readonly ((name: string) => string)[] = [
  (name) => `[INFO] 10.244.1.9:5353 - 7 "A IN ${name}. udp 62 false 512" NXDOMAIN qr,rd,ra 137 0.0012s`,
  (name) => `[INFO] ${name}`,
  (name) => `[ERROR] plugin/errors: 2 ${escaped(name)}. A: plugin/forward: no upstream host`,
  (name) => `[ERROR] 2 ${escaped(name)}. HINFO: unreachable backend`,
  (name) => `[WARNING] ${name}`,
  (name) => `[DEBUG] ${name}`,
];
const STAMP = '2024-01-01T00:00:00.123456789Z';
const PREFIXES = [
  '',
  ' ',
  `${STAMP} `,
  `${STAMP}  `,
  `${STAMP} stdout F `,
  `${STAMP} stdout F  `,
  `${STAMP} stderr P `,
  '2018/09/06 13:02:45 ',
  '2019-04-17T00:18:44.486Z ',
  '[pod/coredns-abc/coredns] ',
  `${STAMP} stdout F 2019-04-17T00:18:44.486Z  `,
];
const WRAPPERS: readonly ((line: string) => string)[] = [
  (line) => line,
  (line) => line,
  (line) => JSON.stringify(`${line}\n`),
  (line) => JSON.stringify(line).slice(0, -3),
  (line) => `{"log":${JSON.stringify(`${line}\n`)},"stream":"stdout","time":"${STAMP}"}`,
];

const escaped = (name: string): string => name.replaceAll(/\s/g, '\\032').replaceAll('"', '\\"');

/** mulberry32: the same logs in every run. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

function forger(next: () => number): () => string {
  const pick = <T>(list: readonly T[]): T => list[Math.floor(next() * list.length)] as T;
  const name = (): string => {
    const before = next() < 0.5 ? '' : pick(NOISE) + (next() < 0.5 ? pick(NOISE) : '');
    return before + pick(WANTED) + (next() < 0.3 ? pick(NOISE) : '');
  };
  const line = (): string => pick(WRAPPERS)(pick(PREFIXES) + pick(LINES)(name()));
  return () => Array.from({ length: 1 + Math.floor(next() * 3) }, line).join('\n');
}

const crashed = { exitCode: 1, reason: 'Error', startedAt: 0, finishedAt: 1000 };

function isBelieved(log: string, { alsoAsCrash }: { readonly alsoAsCrash: boolean }): boolean {
  if (findLoopLine(log) !== null) return true;
  return alsoAsCrash && classifyCrash(crashed, log).cause !== 'UnknownCrash';
}

it.each(WANTED)('believes what it tries to forge if CoreDNS wrote it: %s', (line) => {
  expect(isBelieved(line, { alsoAsCrash: true })).toBe(true);
});

it(`believes none of ${RUNS.toLocaleString('en')} forged logs`, () => {
  const forge = forger(random(SEED));
  const believed: string[] = [];
  for (let run = 0; run < RUNS; run++) {
    const log = forge();
    // A tenth for the other causes is enough: they only give advice, and trying them all takes twice as long.
    if (isBelieved(log, { alsoAsCrash: run % 10 === 0 })) believed.push(`seed ${SEED}, run ${run}: ${log}`);
  }
  expect(believed).toEqual([]);
});
