/** Tables of real files first, then properties of any file. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { KnownAddresses } from '../api/agent-protocol.ts';
import { RESOLV_CONF_CLASSES } from '../api/agent-protocol.ts';
import { gradeResolvConf, isUsable } from './resolv-conf.ts';

/** Any UTF-16 text, including lone surrogates; fc.string's own mode for that is a hundred times slower. */
const anyText = fc.uint16Array({ maxLength: 200 }).map((units) => String.fromCharCode(...units));

const known: KnownAddresses = {
  clusterDNS: ['10.233.0.3', 'fd00:233::3'],
  nodeLocalDNS: ['169.254.20.10', '169.254.25.10'],
  node: ['192.168.10.7', 'fd00:10::7'],
};
const grade = (text: string) => gradeResolvConf(text, known);
const servers = (...addresses: readonly string[]) => addresses.map((a) => `nameserver ${a}\n`).join('');

describe('gradeResolvConf', () => {
  it.each([
    ['resolved stub', servers('127.0.0.53'), 'stub'],
    ['resolved proxy address', servers('127.0.0.54'), 'stub'],
    ['both resolved addresses', servers('127.0.0.53', '127.0.0.54'), 'stub'],
    ['stub and another loopback', servers('127.0.0.53', '127.0.0.1'), 'loopback'],
    ['dnsmasq of NetworkManager', servers('127.0.1.1'), 'loopback'],
    ['Docker embedded DNS', servers('127.0.0.11'), 'loopback'],
    ['::1', servers('::1'), 'loopback'],
    ['::1 spelled out', servers('0:0:0:0:0:0:0:1'), 'loopback'],
    ['IPv4-mapped loopback', servers('::ffff:127.0.0.1'), 'loopback'],
    ['IPv4-mapped loopback in hexadecimal', servers('::FFFF:7f00:35'), 'loopback'],
    ['0.0.0.0 means the pod itself', servers('0.0.0.0'), 'loopback'],
    [':: means the pod itself', servers('::'), 'loopback'],
    ['stub beside a real server', servers('127.0.0.53', '192.0.2.1'), 'mixed-loopback'],
    ['a real server beside ::1', servers('192.0.2.1', '::1'), 'mixed-loopback'],
    ['stub beside node-local DNS', servers('127.0.0.53', '169.254.25.10'), 'mixed-loopback'],
    ['uplinks', servers('192.0.2.1', '192.0.2.2'), 'ok'],
    ['IPv6 uplink', servers('2001:db8::1'), 'ok'],
    ['resolver of a cloud, link-local', servers('169.254.169.253'), 'ok'],
    ['node-local beside an uplink', servers('169.254.25.10', '192.0.2.1'), 'risky'],
    ['cluster DNS beside an uplink', servers('192.0.2.1', '10.233.0.3'), 'risky'],
    ['cluster DNS in another spelling', servers('192.0.2.1', 'fd00:233:0::0:3'), 'risky'],
    ['own node beside an uplink', servers('192.168.10.7', '192.0.2.1'), 'risky'],
    ['only node-local', servers('169.254.20.10'), 'self-only'],
    ['node-local and cluster DNS', servers('169.254.20.10', '10.233.0.3'), 'self-only'],
    ['nothing', '', 'empty'],
    ['resolved without uplinks', '# No DNS servers known.\nsearch .\n', 'empty'],
    ['scoped link-local only', servers('fe80::1%eth0'), 'empty'],
    ['link-local without a scope', servers('fe80::1'), 'empty'],
    ['scoped link-local beside an uplink', servers('fe80::1%eth0', '192.0.2.1'), 'ok'],
    ['scoped link-local beside the stub', servers('fe80::1%2', '127.0.0.53'), 'stub'],
    ['multicast', servers('224.0.0.251'), 'empty'],
    ['the fourth server is dropped', servers('192.0.2.1', '192.0.2.2', '192.0.2.3', '127.0.0.1'), 'ok'],
    ['an uplink only in fourth place', servers('127.0.0.1', '127.0.0.2', '::1', '192.0.2.1'), 'loopback'],
    ['nameserver without a value', 'nameserver\nnameserver 192.0.2.53\n', 'invalid'],
    ['nameserver whose value is white space', 'nameserver \t \nnameserver 192.0.2.53\n', 'invalid'],
    ['a host name', servers('dns.corp.example'), 'invalid'],
    ['a comment glued to the address', servers('192.0.2.1#dns'), 'invalid'],
    ['a port', servers('192.0.2.1:53'), 'invalid'],
    ['octal-looking', servers('127.0.0.053'), 'invalid'],
    ['semicolon comments', ';nameserver 127.0.0.1\n; nameserver 127.0.0.1\nnameserver 192.0.2.1', 'ok'],
    ['indented hash comment', '   # nameserver 127.0.0.53\n\tnameserver\t192.0.2.1', 'ok'],
    [
      'blanks at the ends of lines, and options that no resolver knows',
      'search a.example  b.example\nnameserver 127.0.0.1\nnameserver 192.0.2.10 \nnameserver 192.0.2.11\noptions ends0 timeout:3 \n',
      'mixed-loopback',
    ],
    ['CRLF', 'nameserver 127.0.0.53\r\noptions edns0\r\n', 'stub'],
    ['a trailing remark', 'nameserver 127.0.0.1   # local\nnameserver 192.0.2.10 # first', 'mixed-loopback'],
    ['another keyword', 'nameserverx 127.0.0.1\nNAMESERVER 127.0.0.1\nnameserver 192.0.2.1', 'ok'],
    ['a byte order mark hides the line from the kubelet', '\uFEFFnameserver 127.0.0.53', 'empty'],
  ] as const)('%s', (_name, text, expected) => {
    expect(grade(text).class).toBe(expected);
  });

  it.each([
    ['1.11.2', 'ok'],
    ['1.11.10', 'ok'],
    ['1.14.7', 'ok'],
    ['1.12.0+rke2r1', 'ok'],
    ['2.0.0', 'ok'],
    ['1.11.1', 'empty'],
    ['1.9.3', 'empty'],
    [undefined, 'empty'],
  ] as const)(
    'grades a global address with a scope by the release of CoreDNS: %s',
    (corednsVersion, expected) => {
      const scoped = { ...known, ...(corednsVersion ? { corednsVersion } : {}) };
      const gradeScoped = (...list: readonly string[]) => gradeResolvConf(servers(...list), scoped).class;
      expect(gradeScoped('2001:db8::1%en0')).toBe(expected);
      expect(gradeScoped('fe80::1%en0')).toBe('empty');
      expect(gradeScoped('::1%lo')).toBe('loopback');
      expect(gradeScoped('2001:db8::1%en0', '127.0.0.53')).toBe(
        expected === 'ok' ? 'mixed-loopback' : 'stub',
      );
      expect(gradeScoped('fd00:233::3%en0')).toBe(expected === 'ok' ? 'self-only' : 'empty');
    },
  );

  it('returns the nameservers that a pod is given, including unusable ones', () => {
    const text = servers('fe80::1%eth0', '192.0.2.1', '127.0.0.1', '192.0.2.2');
    expect(grade(text).nameservers).toEqual(['fe80::1%eth0', '192.0.2.1', '127.0.0.1']);
    expect(grade('nameserver\nnameserver 192.0.2.53').nameservers).toEqual(['192.0.2.53']);
  });
});

const octet = fc.integer({ min: 0, max: 255 });
const upstream = fc.tuple(fc.constantFrom(8, 9, 45, 100, 198), octet, octet, octet).map((o) => o.join('.'));
const loopback = fc.oneof(
  fc.tuple(fc.constant(127), octet, octet, octet).map((o) => o.join('.')),
  fc.constantFrom('::1', '::', '0.0.0.0', '::ffff:127.0.0.53', '0:0::1'),
);
const noise = fc.constantFrom(
  '',
  '# nameserver 127.0.0.1',
  ';nameserver 127.0.0.53',
  'options edns0',
  'search x',
  'domain y',
);

describe('for any file', () => {
  it('never throws, and returns a known class and at most three servers', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const graded = grade(text);
        expect(RESOLV_CONF_CLASSES).toContain(graded.class);
        expect(graded.nameservers.length).toBeLessThanOrEqual(3);
      }),
    );
  });

  it('is never usable with a loopback entry among the first three', () => {
    const lists = fc
      .tuple(fc.array(upstream, { maxLength: 2 }), loopback, fc.array(upstream, { maxLength: 3 }))
      .map(([before, self, after]) => [...before, self, ...after]);
    fc.assert(
      fc.property(lists, (list) => {
        expect(isUsable(grade(servers(...list)).class, { acceptRisky: true })).toBe(false);
      }),
    );
  });

  it('is ok with upstream servers only, and ignores everything after the third', () => {
    fc.assert(
      fc.property(
        fc.array(upstream, { minLength: 1, maxLength: 3 }),
        fc.array(loopback, { maxLength: 3 }),
        (good, rest) => {
          expect(grade(servers(...good)).class).toBe('ok');
          const three = [...good, ...good, ...good].slice(0, 3);
          expect(grade(servers(...three, ...rest)).class).toBe('ok');
        },
      ),
    );
  });

  it('ignores comments and other keywords', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(upstream, loopback), { maxLength: 4 }),
        fc.array(noise, { minLength: 5, maxLength: 5 }),
        (list, lines) => {
          const noisy = lines.map((line, i) => `${line}\n${list[i] ? servers(list[i]) : ''}`).join('');
          expect(grade(noisy).class).toBe(grade(servers(...list)).class);
        },
      ),
    );
  });
});

describe('isUsable', () => {
  it.each(RESOLV_CONF_CLASSES)('%s', (cls) => {
    expect(isUsable(cls, { acceptRisky: false })).toBe(cls === 'ok');
    expect(isUsable(cls, { acceptRisky: true })).toBe(cls === 'ok' || cls === 'risky');
  });
});
