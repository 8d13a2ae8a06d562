import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { scrub } from './scrub.ts';

/** Each with the secret that must not be left, and a part of the text that must be. */
const SECRETS = {
  'an Authorization header': ['authorization: Bearer abc.def-ghi', 'abc.def-ghi', 'authorization: '],
  'an Authorization header in JSON': [
    '{"Authorization":"Basic dXNlcjpwYXNz"}',
    'dXNlcjpwYXNz',
    'Authorization',
  ],
  'an Authorization header of a static pod URL': [
    'staticPodURLHeader:\n  Authorization:\n  - Basic dXNlcjpwYXNzd29yZA==\nresolvConf: /etc/resolv.conf',
    'dXNlcjpwYXNzd29yZA',
    'resolvConf: /etc/resolv.conf',
  ],
  'a bearer token in a sentence': [
    'sent Bearer 0123456789abcdef to 10.0.0.1',
    '0123456789abcdef',
    'to 10.0.0.1',
  ],
  'a service account token': [
    'token eyJhbGciOiJSUzI1NiIsImtpZCI6.eyJpc3MiOiJrdWJlcm5ldGVz.c2ln was refused',
    'eyJpc3MiOiJrdWJlcm5ldGVz',
    'was refused',
  ],
  'a password in a URL': [
    'dial https://admin:hunter2@registry.example.com:5000/v2/: refused',
    'hunter2',
    '@registry.example.com:5000/v2/',
  ],
  'a token in a URL': ['git+https://x-access-token@example.com/a', 'x-access-token', 'example.com/a'],
  'a query parameter': ['GET /?sig=abcDEF123&name=a.example.com', 'abcDEF123', '&name=a.example.com'],
  'a flag': ['--bootstrap-token=abcdef.0123456789abcdef --v=2', '0123456789abcdef', '--v=2'],
  'a flag with a blank': [
    'kubelet --bootstrap-token abcdef.0123456789abcdef --v=2',
    '0123456789abcdef',
    '--v=2',
  ],
  'an environment variable': [
    'AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMI',
    'wJalrXUtnFEMI',
    'AWS_SECRET_ACCESS_KEY',
  ],
  'a JSON field': [String.raw`{"clientSecret": "s3\"cret", "zone": "."}`, 's3', '"zone": "."'],
  'a YAML field': ['password: hunter2\nforward: .', 'hunter2', 'forward: .'],
  'a quoted YAML field': ["apiKey: 'abc def'\nzone: .", 'abc def', 'zone: .'],
  'a kubeconfig key': ['client-key-data: LS0tLS1CRUdJTiBSU0E=', 'LS0tLS1CRUdJTiBSU0E', 'client-key-data'],
  'a private key': [
    'a\n-----BEGIN EC PRIVATE KEY-----\nMHcCAQEE\n-----END EC PRIVATE KEY-----\nb',
    'MHcCAQEE',
    '\nb',
  ],
  'a private key that is cut off': ['a\n-----BEGIN PRIVATE KEY-----\nMHcCAQEE', 'MHcCAQEE', 'a\n'],
  'the plugin route53': [
    'route53 example.com.:Z1 {\n  aws_access_key AAAA BBBB\n}',
    'BBBB',
    'route53 example.com.:Z1',
  ],
  'the plugin etcd': ['etcd {\n    credentials root hunter2\n}', 'hunter2', 'etcd {'],
  'the plugin tsig': ['tsig {\n  secret example.org. NoTCJU+DMqFWywaPyxSijrDE=\n}', 'NoTCJU', 'tsig {'],
  'an access key ID': [
    'using AKIAIOSFODNN7EXAMPLE for zone example.com.',
    'AKIAIOSFODNN7EXAMPLE',
    'zone example.com.',
  ],
} as const;

/** What DNS, a Corefile and a kubelet configuration say, with words that look like names of secrets. */
const HARMLESS = [
  '[FATAL] plugin/loop: Loop (127.0.0.1:38718 -> :53) detected for zone ".", see https://coredns.io/plugins/loop#troubleshooting. Query: "HINFO 4547991504243258144.3688648895315093531."',
  '[FATAL] plugin/loop: Seen "HINFO IN 123456.1234567890123456." more than twice, loop detected',
  '[ERROR] plugin/errors: 2 password.example.org. A: read udp 10.0.0.1:1->10.0.0.2:53: i/o timeout',
  '[ERROR] plugin/errors: 2 token. HINFO: concurrent queries exceeded maximum 1000',
  '[INFO] 10.0.0.1:53 - 1 "A IN secret.token.example.com. udp 30 false 512" NOERROR qr,rd,ra 60 0.001s',
  '[INFO] plugin/reload: Running configuration SHA512 = 591cf328cccc12bc490481273e738df59329c62c0b729d94e8b61db9961c2fa5f046dd37f1cf888b953814040d180f52594972691cd6ff41be96639138a43908',
  '.:53 {\n    errors\n    forward . /etc/resolv.conf {\n       max_concurrent 1000\n    }\n    cache 30\n    loop\n}',
  'forward . tls://9.9.9.9 {\n  tls_servername dns.quad9.net\n}',
  'nameserver 127.0.0.53\nsearch token.example.com secret.internal\noptions edns0 trust-ad',
  'tlsPrivateKeyFile: /var/lib/kubelet/pki/kubelet.key\nresolvConf: /etc/resolv.conf',
  '--kubeconfig=/etc/kubernetes/kubelet.conf --token-file=/etc/tokens --resolv-conf=/etc/resolv.conf',
  'authentication:\n  webhook:\n    cacheTTL: 0s\n  x509:\n    clientCAFile: /etc/kubernetes/pki/ca.crt',
  'see https://coredns.io/plugins/loop#troubleshooting and mail root@example.com',
  'CoreDNS-1.12.1\nlinux/amd64, go1.24.1, 707c7c1',
];

describe('scrub', () => {
  it.each(Object.entries(SECRETS))('removes %s', (_kind, [text, secret, kept]) => {
    expect(scrub(text)).not.toContain(secret);
    expect(scrub(text)).toContain(kept);
  });

  it.each(HARMLESS)('leaves %j as it is', (text) => {
    expect(scrub(text)).toBe(text);
  });

  it('leaves query lines with any names as they are', () => {
    const label = fc.stringMatching(/^[a-z0-9_-]{1,20}$/);
    const word = fc.constantFrom(
      'token',
      'secret',
      'password',
      'credentials',
      'authorization',
      'bearer',
      'cookie',
    );
    const name = fc
      .array(fc.oneof(label, word), { minLength: 1, maxLength: 6 })
      .map((labels) => `${labels.join('.')}.`);
    fc.assert(
      fc.property(name, fc.constantFrom('A', 'AAAA', 'HINFO', 'TXT'), (asked, type) => {
        const line = `[ERROR] plugin/errors: 2 ${asked} ${type}: read udp 10.0.0.1:4711->127.0.0.53:53: i/o timeout`;
        expect(scrub(line)).toBe(line);
      }),
    );
  });

  it('ends in time on long hostile text', () => {
    const texts = [
      'a'.repeat(200_000),
      '-'.repeat(200_000),
      'token'.repeat(40_000),
      '--secret '.repeat(20_000),
      'eyJ-'.repeat(50_000),
      'a.'.repeat(100_000),
      'token="'.repeat(20_000),
    ];
    for (const text of texts) expect(scrub(text).length).toBeGreaterThan(0);
  }, 20_000);
});
