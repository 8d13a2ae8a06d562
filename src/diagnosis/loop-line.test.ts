/** The three wordings with everything that may surround them, and lines that must not be mistaken for them. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findLoopLine, probedPort } from './loop-line.ts';

/** Any UTF-16 text, including lone surrogates; fc.string's own mode for that is a hundred times slower. */
const anyText = fc.uint16Array({ maxLength: 200 }).map((units) => String.fromCharCode(...units));

const TAIL = ', see https://coredns.io/plugins/loop#troubleshooting. Query: "HINFO 11.22."';
const loop = (from: string, to: string, zone: string) =>
  `[FATAL] plugin/loop: Loop (${from} -> ${to}) detected for zone "${zone}"${TAIL}`;
const LINE = loop('127.0.0.1:38718', ':53', '.');

describe('findLoopLine', () => {
  it.each([
    ['IPv4 loopback', LINE, '127.0.0.1', ':53', '.'],
    ['IPv6 loopback', loop('[::1]:37571', ':53', '.'), '::1', ':53', '.'],
    ['IPv6 pod address', loop('[fd00::5]:32958', ':53', '.'), 'fd00::5', ':53', '.'],
    ['scoped address', loop('[fe80::1%eth0]:5', ':53', '.'), 'fe80::1%eth0', ':53', '.'],
    ['another port', loop('127.0.0.1:39165', ':1053', '.'), '127.0.0.1', ':1053', '.'],
    [
      'bound address',
      loop('169.254.25.10:1', '169.254.25.10:53', 'in-addr.arpa.'),
      '169.254.25.10',
      '169.254.25.10:53',
      'in-addr.arpa.',
    ],
    ['bound IPv6 address', loop('[::1]:1', '[::1]:53', '.'), '::1', '[::1]:53', '.'],
    [
      'zone without its final dot',
      loop('10.0.0.1:1', ':53', 'cluster.local'),
      '10.0.0.1',
      ':53',
      'cluster.local.',
    ],
    ['address without a port', loop('10.0.0.1', ':53', '.'), '10.0.0.1', ':53', '.'],
  ])('reads addresses and zone: %s', (_name, line, from, to, zone) => {
    expect(findLoopLine(line)).toEqual({ line, from, to, zone });
  });

  it.each([
    [
      '1.2.3 to 1.3.0',
      '[FATAL] plugin/loop: Forwarding loop detected in "." zone. Exiting. See https://coredns.io/plugins/loop#troubleshooting. Probe query: "HINFO 1.2.".',
      '.',
    ],
    [
      'the same for a zone',
      '[FATAL] plugin/loop: Forwarding loop detected in "example.org." zone. Exiting.',
      'example.org.',
    ],
    ['1.2.1 and 1.2.2', '[FATAL] plugin/loop: Seen "HINFO IN 105.462." more than twice, loop detected', '.'],
    [
      'the same for a zone',
      '[FATAL] plugin/loop: Seen "HINFO IN 105.462.example.org." more than twice, loop detected',
      'example.org.',
    ],
  ])('reads the older wordings, which name no address: %s', (_name, line, zone) => {
    expect(findLoopLine(line)).toEqual({ line, zone });
  });

  it.each([
    ['timestamp of CoreDNS 1.2.6 to 1.6.2', `2019-04-17T00:18:44.486Z ${LINE}`],
    ['Go date of CoreDNS up to 1.2.5', `2018/09/06 13:02:45 ${LINE}`],
    ['runtime prefix', `2024-01-01T00:00:00.123456789Z stdout F ${LINE}`],
    ['runtime prefix with a zone', `2024-01-01T00:00:00.123456789+02:00 stderr F ${LINE}`],
    ['runtime prefix and own timestamp', `2024-01-01T00:00:00.1Z stdout F 2019-04-17T00:18:44.486Z ${LINE}`],
    ['kubectl --timestamps', `2024-01-01T00:00:00.123456789Z ${LINE}`],
    ['kubectl --prefix', `[pod/coredns-abc/coredns] ${LINE}`],
    ['JSON string', JSON.stringify(`2021-08-10T15:00:07.657Z ${LINE}\n`)],
    ['JSON string, cut off', JSON.stringify(LINE).slice(0, -12)],
    [
      'Docker json-file',
      `{"log":${JSON.stringify(`${LINE}\n`).replace('>', String.raw`\u003e`)},"stream":"stdout"}`,
    ],
    ['CRLF', `${LINE}\r\n`],
    ['blank of CoreDNS 1.2.6', ` ${LINE}`],
    ['blank of CoreDNS 1.2.6 after a runtime prefix', `2024-01-01T00:00:00.1Z stdout F  ${LINE}`],
    ['blank of CoreDNS 1.2.6 after kubectl --timestamps', `2024-01-01T00:00:00.1Z  ${LINE}`],
    ['blank of CoreDNS 1.2.6 in a JSON string', JSON.stringify(` ${LINE}\n`)],
  ])('ignores what surrounds a line: %s', (_name, log) => {
    const { line, ...rest } = findLoopLine(log) ?? { line: '' };
    expect(LINE.startsWith(line) && line !== '').toBe(true);
    expect(rest).toEqual({ from: '127.0.0.1', to: ':53', zone: '.' });
  });

  it('reads the log of CoreDNS 1.2.6, whose plugins begin their lines with one blank', () => {
    const log = [
      '.:53',
      '2018-12-20T08:14:02.117Z [INFO] CoreDNS-1.2.6',
      'CoreDNS-1.2.6',
      'linux/amd64, go1.11.2, 756749c',
      ' [INFO] plugin/reload: Running configuration MD5 = 0123456789abcdef0123456789abcdef',
      ' [FATAL] plugin/loop: Forwarding loop detected in "." zone. Exiting. See https://coredns.io/plugins/loop#troubleshooting. Probe query: "HINFO 314.271.".',
    ];
    expect(findLoopLine(log.join('\n'))).toMatchObject({ zone: '.', corednsVersion: '1.2.6' });
  });

  it('needs the line only up to the zone', () => {
    expect(
      findLoopLine('[FATAL] plugin/loop: Loop (127.0.0.1:1 -> :53) detected for zone "."'),
    ).not.toBeNull();
    expect(findLoopLine('[FATAL] plugin/loop: Loop (127.0.0.1:1 -> :53) detected for zo')).toBeNull();
  });

  it('takes the last of several', () => {
    const log = [loop('10.0.0.9:1', ':53', '.'), 'other', LINE, '[INFO] bye'].join('\n');
    expect(findLoopLine(log)?.from).toBe('127.0.0.1');
  });

  it('cuts a line at the limit of the API', () => {
    expect(findLoopLine(LINE + 'x'.repeat(2000))?.line).toHaveLength(1024);
  });

  it.each([
    ['plain', 'CoreDNS-1.9.3', '1.9.3'],
    ['as a log line', '2018/09/06 13:02:45 [INFO] CoreDNS-1.2.2', '1.2.2'],
    ['with a suffix', 'CoreDNS-1.12.0+rke2r1', '1.12.0+rke2r1'],
    ['a query name in a custom log format', '[INFO] CoreDNS-1.2.0.', undefined],
    ['a query name with text after it', '[INFO] CoreDNS-1.2.0 A', undefined],
    ['in the middle of a line', '[INFO] 10.0.0.1:5 CoreDNS-1.2.0', undefined],
  ])('reads the version %s', (_name, banner, version) => {
    expect(findLoopLine(`.:53\n${banner}\n${LINE}`)?.corednsVersion).toBe(version);
  });

  const escaped = LINE.replaceAll(' ', String.raw`\032`);
  it.each([
    [
      'log plugin',
      `[INFO] 10.244.1.9:5353 - 7 "A IN ${escaped}. udp 62 false 512" NXDOMAIN qr,rd,ra 137 0.0012s`,
    ],
    [
      'errors plugin',
      `[ERROR] plugin/errors: 2 ${escaped}. A: read udp 10.0.0.1:1->10.0.0.2:53: i/o timeout`,
    ],
    ['unescaped, as another program might print it', `[INFO] 10.244.1.9:5353 - 7 "A IN ${LINE}"`],
    ['log format that begins with the name', `[INFO] ${LINE}`],
    ['JSON string with a second line', JSON.stringify(`[INFO] x\n${LINE}`)],
    ['Docker json-file with a second line', `{"log":${JSON.stringify(`[INFO] x\n${LINE}\n`)}}`],
    [
      'second half of a line that the runtime split',
      `2024-01-01T00:00:00Z stdout P [INFO] "A IN x\n2024-01-01T00:00:00Z stdout F ${LINE}`,
    ],
    ['two blanks', `  ${LINE}`],
    ['a tab', `\t${LINE}`],
    ['two blanks after a timestamp', `2018-12-20T08:14:02.117Z   ${LINE}`],
    ['a timestamp after the blank', ` 2018-12-20T08:14:02.117Z ${LINE}`],
    ['a leading word', `x ${LINE}`],
    ['another level', LINE.replace('FATAL', 'ERROR')],
    ['another plugin', LINE.replace('plugin/loop', 'plugin/loops')],
  ])('is not fooled by a query name: %s', (_name, log) => {
    expect(findLoopLine(log)).toBeNull();
  });
});

describe('for any log', () => {
  it('never throws', () => {
    fc.assert(
      fc.property(anyText, (log) => {
        expect(() => findLoopLine(log)).not.toThrow();
      }),
    );
  });

  it('finds no loop in what a client can put into a line after [INFO] or [ERROR]', () => {
    const inside = fc
      .array(
        fc.oneof(
          fc.string({ maxLength: 20 }),
          fc.constantFrom(LINE, '[FATAL] plugin/loop: ', '"', '\\', '\\n', '{"log":"'),
        ),
      )
      .map((parts) => parts.join('').replace(/[\r\n]/g, ''));
    fc.assert(
      fc.property(
        fc.constantFrom('[INFO] ', '[ERROR] plugin/errors: 2 ', '"[INFO] ', '{"log":"[INFO] '),
        inside,
        (start, text) => {
          expect(findLoopLine(start + text)).toBeNull();
        },
      ),
    );
  });
});

describe('probedPort', () => {
  it.each([
    [':53', 53],
    ['169.254.25.10:1053', 1053],
    ['[::1]:53', 53],
    ['', undefined],
    ['nonsense', undefined],
  ])('%s', (to, port) => {
    expect(probedPort({ line: '', zone: '.', to })).toBe(port);
  });
});
