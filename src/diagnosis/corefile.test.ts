/** Corefiles as found in clusters and what they do with "."; and no text makes the parser throw. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseCorefile } from './corefile.ts';
import { rootForward } from './root-forward.ts';

/** Any UTF-16 text, including lone surrogates; fc.string's own mode for that is a hundred times slower. */
const anyText = fc.uint16Array({ maxLength: 200 }).map((units) => String.fromCharCode(...units));

const KUBEADM = `.:53 {
    errors
    health {
       lameduck 5s
    }
    ready
    kubernetes cluster.local in-addr.arpa ip6.arpa {
       pods insecure
       fallthrough in-addr.arpa ip6.arpa
       ttl 30
    }
    prometheus :9153
    forward . /etc/resolv.conf {
       max_concurrent 1000
    }
    cache 30 {
       disable success cluster.local
    }
    loop
    reload
    loadbalance
}
`;
const SELF = { pod: ['10.244.0.7'], clusterDNS: ['10.96.0.10'] };

function parse(text: string) {
  const parsed = parseCorefile(text);
  if (parsed.kind !== 'corefile') throw new Error(parsed.message);
  return parsed;
}

const root = (text: string) => rootForward(parse(text), SELF);
const directives = (text: string) =>
  parse(text).blocks.flatMap((block) => block.directives.map(({ name }) => name));

describe('rootForward', () => {
  it.each([
    ['kubeadm', KUBEADM, true, true, []],
    ['kubeadm with CRLF', KUBEADM.replaceAll('\n', '\r\n'), true, true, []],
    ['itself', '. {\n loop\n forward . 127.0.0.1\n}', false, true, ['127.0.0.1']],
    ['itself with a port', '.:53 {\n forward . 127.0.0.1:53\n}', false, false, ['127.0.0.1:53']],
    ['itself, IPv6', '. {\n forward . dns://[::1]:53\n}', false, false, ['dns://[::1]:53']],
    ['itself, bare IPv6', '. {\n forward . ::1\n}', false, false, ['::1']],
    ['localhost', '. {\n forward . localhost\n}', false, false, ['localhost']],
    ['the cluster DNS over TLS', '. {\n forward . tls://10.96.0.10\n}', false, false, ['tls://10.96.0.10']],
    ['its own address', '. {\n forward . 10.244.0.7\n}', false, false, ['10.244.0.7']],
    ['real upstreams', '. {\n forward . 8.8.8.8 1.1.1.1\n}', false, false, []],
    ['a file and itself', '. {\n forward . /etc/resolv.conf 127.0.0.1\n}', true, false, ['127.0.0.1']],
    ['another file', '. {\n forward . /run/systemd/resolve/resolv.conf\n}', false, false, []],
    ['before 1.5', '.:53 {\n errors\n proxy . /etc/resolv.conf\n cache 30\n}', true, false, []],
    ['comments', '.:53 {\n forward . /etc/resolv.conf # loop\n # loop\n}', true, false, []],
    ['comment glued to a word', '.:53 {\n forward . /etc/resolv.conf#x\n loop#y\n}', true, true, []],
    ['quotes', '".:53" {\n forward . "/etc/resolv.conf"\n loop\n}', true, true, []],
    ['no braces', '.:53\nforward . /etc/resolv.conf\nloop\n', true, true, []],
    ['several zones', 'cluster.local, .:53 {\n forward . /etc/resolv.conf\n}', true, false, []],
    ['zones over lines', 'cluster.local,\n. {\n forward . /etc/resolv.conf\n}', true, false, []],
    ['only a port', ':53 {\n forward . /etc/resolv.conf\n}', true, false, []],
    ['a scheme', 'dns://.:53 {\n forward . /etc/resolv.conf\n}', true, false, []],
    ['a port by environment', '.:{$PORT} {\n forward . /etc/resolv.conf\n}', true, false, []],
    ['an upstream by environment', '. {\n forward . {$UPSTREAM}\n}', false, false, []],
    [
      'a stub domain beside it',
      'corp.example {\n forward . 127.0.0.1\n}\n. {\n forward . /etc/resolv.conf\n}',
      true,
      false,
      [],
    ],
    [
      'another zone in the same block',
      '. {\n forward corp.example 127.0.0.1\n forward . /etc/resolv.conf\n}',
      true,
      false,
      [],
    ],
    ['a snippet', '(up) {\n forward . /etc/resolv.conf\n loop\n}\n.:53 {\n import up\n}', true, true, []],
    [
      'a snippet that is not used',
      '(up) {\n forward . 127.0.0.1\n}\n.:53 {\n forward . /etc/resolv.conf\n}',
      true,
      false,
      [],
    ],
    [
      'top-level import',
      'import /etc/coredns/*.server\n.:53 {\n forward . /etc/resolv.conf\n}',
      true,
      false,
      [],
    ],
    [
      'DNS over TLS beside port 53',
      'tls://. {\n forward . 127.0.0.1\n}\n. {\n forward . /etc/resolv.conf\n}',
      true,
      false,
      [],
    ],
    ['only another port', '.:1053 {\n forward . /etc/resolv.conf\n}', true, false, []],
    [
      'a similar word and a quoted one',
      '. {\n forwards . 127.0.0.1\n log "forward . 127.0.0.1"\n}',
      false,
      false,
      [],
    ],
    [
      'an option with the same name',
      '. {\n cache {\n forward . 127.0.0.1\n }\n forward . /etc/resolv.conf\n}',
      true,
      false,
      [],
    ],
  ])('%s', (_name, text, usesPodResolvConf, hasLoop, selfTargets) => {
    expect(root(text)).toMatchObject({ usesPodResolvConf, selfTargets });
    expect(directives(text).includes('loop')).toBe(hasLoop);
  });

  it('is null if no block serves "."', () => {
    expect(root('cluster.local:53 {\n forward . 1.1.1.1\n}')).toBeNull();
    expect(root('')).toBeNull();
  });

  it('is null if no block serves "." on the port where the query arrived', () => {
    const parsed = parse('.:1053 {\n forward . /etc/resolv.conf\n}');
    expect(rootForward(parsed, SELF, 53)).toBeNull();
    expect(rootForward(parsed, SELF, 1053)).toMatchObject({ usesPodResolvConf: true });
  });

  it('follows a query through other ports of the same Corefile', () => {
    const block = (key: string, to: string) => `${key} {\n forward . ${to}\n}\n`;
    const chain = block('.:53', '127.0.0.1:5053') + block('.:5053', '10.244.0.7:5054');
    expect(root(chain + block('.:5054', '/etc/resolv.conf'))).toEqual({
      targets: ['127.0.0.1:5053'],
      usesPodResolvConf: true,
      selfTargets: [],
      ports: [5053, 5054],
      unseen: [],
    });
    expect(root(chain + block('.:5054', '127.0.0.1'))?.selfTargets).toEqual([
      '127.0.0.1:5053 -> 10.244.0.7:5054 -> 127.0.0.1',
    ]);
    expect(root(chain + block('.:5054', '127.0.0.1:5053'))?.selfTargets).toEqual([
      '127.0.0.1:5053 -> 10.244.0.7:5054 -> 127.0.0.1:5053',
    ]);
    expect(root(chain + block('.:5054', '192.0.2.1'))).toMatchObject({
      usesPodResolvConf: false,
      selfTargets: [],
      unseen: [],
    });
    expect(root(block('.', 'tls://127.0.0.1') + block('tls://.', '/etc/resolv.conf'))).toMatchObject({
      usesPodResolvConf: true,
      ports: [853],
    });
  });

  it.each([
    [
      'a port that no block serves',
      '. {\n forward . 127.0.0.1:5053\n}',
      { kind: 'other-program', target: '127.0.0.1:5053' },
    ],
    [
      'a port that a block serves only for another zone',
      '. {\n forward . [::1]:5053\n}\ncorp.example:5053 {\n forward . 192.0.2.1\n}',
      { kind: 'other-program', target: '[::1]:5053' },
    ],
    [
      'the same port over another protocol',
      '. {\n forward . tls://127.0.0.1:53\n}',
      { kind: 'other-program', target: 'tls://127.0.0.1:53' },
    ],
    [
      'an address to which the block is not bound',
      '. {\n bind 169.254.20.10\n forward . 127.0.0.1\n}',
      { kind: 'other-program', target: '127.0.0.1' },
    ],
    [
      'an upstream in a variable',
      '. {\n forward . {$UPSTREAM} /etc/resolv.conf\n}',
      { kind: 'variable', text: '{$UPSTREAM}' },
    ],
    [
      'a zone in a variable',
      '. {\n forward {$FROM} /etc/resolv.conf\n}',
      { kind: 'variable', text: '{$FROM}' },
    ],
    [
      'a plugin in a variable',
      '. {\n {$PLUGIN} . /etc/resolv.conf\n}',
      { kind: 'variable', text: '{$PLUGIN}' },
    ],
    [
      'a key in a variable',
      '{$ZONE}:53 {\n forward . /etc/resolv.conf\n}',
      { kind: 'variable', text: '{$ZONE}:53' },
    ],
    [
      'a whole key in a variable',
      '{$ZONES} {\n forward . /etc/resolv.conf\n}',
      { kind: 'variable', text: '{$ZONES}' },
    ],
    [
      'an argument of a snippet',
      '(up) {\n forward . {args[0]}\n}\n. {\n import up 192.0.2.1\n}',
      { kind: 'variable', text: '{args[0]}' },
    ],
    [
      'an import in the block',
      '. {\n import custom/*.override\n}',
      { kind: 'import', files: ['custom/*.override'] },
    ],
    [
      'an import beside the blocks',
      'import custom/*.server\na.example {\n whoami\n}',
      { kind: 'import', files: ['custom/*.server'] },
    ],
    ['no forward line', '. {\n grpc . 127.0.0.1:5053\n}', { kind: 'no-forward' }],
    [
      'two blocks for two views',
      '. {\n view a {\n expr true\n }\n forward . 192.0.2.1\n}\n. {\n forward . /etc/resolv.conf\n}',
      { kind: 'several-blocks' },
    ],
  ])('does not claim to know where a query goes with %s', (_name, text, unseen) => {
    expect(root(text)?.unseen).toEqual([unseen]);
  });

  it.each([
    [
      'an import beside the forward line',
      '. {\n proxy . /etc/resolv.conf\n import custom/*.override\n}\nimport custom/*.server',
    ],
    ['a port in a variable, if nothing else can be meant', '.:{$PORT} {\n forward . /etc/resolv.conf\n}'],
    ['a bound block', '. {\n bind eth0\n forward . /etc/resolv.conf\n}'],
    [
      'a later forward line, which no query reaches',
      '. {\n forward . /etc/resolv.conf\n forward . 127.0.0.1\n}',
    ],
    [
      '`proxy` before `forward`, which CoreDNS runs first',
      '. {\n proxy . 127.0.0.1\n forward . /etc/resolv.conf\n}',
    ],
  ])("is sure of the pod's resolv.conf with %s", (_name, text) => {
    expect(rootForward(parse(text), SELF, 53)).toMatchObject({
      usesPodResolvConf: true,
      selfTargets: [],
      unseen: [],
    });
  });
});

describe('parseCorefile', () => {
  it.each([
    ['example.org', 'example.org.', 53, 'dns'],
    ['Example.ORG.:1053', 'example.org.', 1053, 'dns'],
    ['tls://example.org', 'example.org.', 853, 'tls'],
    ['https://.', '.', 443, 'https'],
    ['10.0.0.0/24', '10.0.0.0/24.', 53, 'dns'],
    ['10.0.0.0/24:54', '10.0.0.0/24.', 54, 'dns'],
    ['2001:db8::/64', '2001:db8::/64.', 53, 'dns'],
    ['odd://.', '.', null, 'unknown'],
  ])('reads the address %s', (key, zone, port, scheme) => {
    const parsed = parseCorefile(`${key} {\n whoami\n}`);
    expect(parsed).toMatchObject({ blocks: [{ addresses: [{ zone, port, scheme }] }] });
  });

  it.each([
    ['a block that is not closed', '.:53 {\n forward . 1.1.1.1\n', 1, 'missing'],
    ['an option block that is not closed', '. {\n cache {\n x\n', 2, 'cache'],
    ['a stray brace', '. {\n}\n}\n', 3, "'}'"],
    ['a block without a zone', '{\n whoami\n}', 1, 'zone'],
  ])('names the problem and the line of %s', (_name, text, line, part) => {
    const parsed = parseCorefile(text);
    expect(parsed).toMatchObject({ kind: 'syntax-error', line });
    expect(parsed).toHaveProperty('message', expect.stringContaining(part));
  });

  it('never throws and always terminates', () => {
    const word = fc.constantFrom(
      '{',
      '}',
      '.',
      '.:53',
      'forward',
      '"',
      '\\',
      '#',
      ',',
      '\n',
      ' ',
      'import',
      '(s)',
      's',
      '{$E}',
      '/etc/resolv.conf',
      '{%',
      'loop',
      '::',
    );
    fc.assert(
      fc.property(fc.array(word, { maxLength: 40 }), fc.constantFrom('', ' '), (words, glue) => {
        expect(['corefile', 'syntax-error']).toContain(parseCorefile(words.join(glue)).kind);
      }),
      { numRuns: 1000 },
    );
    fc.assert(
      fc.property(anyText, (text) => {
        expect(() => parseCorefile(text)).not.toThrow();
      }),
    );
  });

  it('ignores comments and blank lines', () => {
    const noise = fc.constantFrom('', '   # forward . 127.0.0.1', '\t', '# }', '# {', '  # "');
    const lines = KUBEADM.split('\n');
    fc.assert(
      fc.property(fc.array(noise, { minLength: lines.length, maxLength: lines.length }), (extra) => {
        const text = lines.map((line, i) => `${extra[i]}\n${line}`).join('\n');
        expect(root(text)).toEqual(root(KUBEADM));
      }),
    );
  });
});
