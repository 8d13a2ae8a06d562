import { describe, expect, it } from 'vitest';
import { QUESTIONS } from './coredns-pod.ts';
import { coreDnsProbe } from './coredns-probe.ts';

const probe = coreDnsProbe({ image: 'coredns', activeDeadlineSeconds: 90 });
const BANNER = '.:53\n1.invalid.:53\nCoreDNS-1.14.7\nlinux/amd64, go1.26.8, \n';
const FATAL =
  '[FATAL] plugin/loop: Loop (127.0.0.1:38718 -> :53) detected for zone ".", see https://coredns.io/plugins/loop#troubleshooting. Query: "HINFO 1.2."\n';
const name = (question: number) => (question === 0 ? '11.22.' : `11.2${question}.${question}.invalid.`);
const logged = (question: number, code: string, from = '127.0.0.1:5555') =>
  `[INFO] ${from} - 4711 "HINFO IN ${name(question)} udp 57 false 512" ${code} qr,rd,ra 132 0.002s\n`;
const all = (code: string, count = QUESTIONS) =>
  Array.from({ length: count }, (_, question) => logged(question, code)).join('');

const running = async (log: string) => probe.read({ kind: 'running' }, async () => BANNER + log);
const ended = async (message: string, exitCode = 1) =>
  probe.read({ kind: 'ended', exitCode, reason: 'Error', message }, async () => '');

describe('CoreDNS that runs', () => {
  it.each([
    ['every question came back answered', all('NXDOMAIN'), 'usable'],
    ['the first datagram was lost', `${logged(0, 'SERVFAIL')}${all('NXDOMAIN')}`, 'usable'],
    ['one question went through it twice', `${logged(3, 'NXDOMAIN')}${logged(3, 'NXDOMAIN')}`, 'may-loop'],
    ['no upstream answers', all('SERVFAIL') + all('SERVFAIL'), 'no-answer'],
    ['its upstream refuses this network', all('REFUSED'), 'no-answer'],
  ])('where %s', async (_name, log, outcome) => {
    expect(await running(log)).toMatchObject({ outcome });
  });

  it.each([
    ['nothing has come back', ''],
    ['one question is still out', all('NXDOMAIN', QUESTIONS - 1)],
    ['the answers are those of others', all('NXDOMAIN').replaceAll('127.0.0.1', '10.0.0.9')],
  ])('has shown nothing while %s', async (_name, log) => {
    expect(await running(log)).toBeNull();
  });
});

describe('CoreDNS that ended', () => {
  it.each([
    ['in a loop', BANNER + FATAL, 'looping'],
    ['in a loop, when others had got through', BANNER + logged(1, 'NXDOMAIN') + FATAL, 'may-loop'],
    ['without a nameserver', 'plugin/forward: no valid upstream addresses found\n', 'unusable'],
    ['without a nameserver, in older releases', 'plugin/forward: no nameservers found\n', 'unusable'],
  ])('%s', async (_name, message, outcome) => {
    expect(await ended(message)).toMatchObject({ outcome });
  });

  it('for another reason says nothing of the node', async () => {
    expect(await ended('exec /coredns: operation not permitted\n')).toEqual({
      kind: 'not-checked',
      reason: 'NoReport',
      message: 'CoreDNS ended with exit code 1 (Error): exec /coredns: operation not permitted.',
    });
    expect(await ended('', 137)).toMatchObject({ kind: 'not-checked' });
  });
});

describe('its pod', () => {
  const { spec, annotations } = probe.pod({ name: 'node-1', addresses: [] });
  const [container] = spec.containers;

  it('may bind port 53 without a capability, and execute a binary that has one', () => {
    expect(spec.securityContext?.sysctls).toEqual([
      { name: 'net.ipv4.ip_unprivileged_port_start', value: '0' },
    ]);
    expect(container?.securityContext?.capabilities).toEqual({ drop: ['ALL'], add: ['NET_BIND_SERVICE'] });
  });

  it('has its Corefile in an annotation, and nothing to clean up beside it', () => {
    const [corefile] = Object.values(annotations ?? {});
    expect(corefile).toContain('loop\n  forward . /etc/resolv.conf\n');
    expect(corefile?.match(/:53 \{/g)).toHaveLength(QUESTIONS);
    expect(spec.volumes).toEqual([expect.objectContaining({ downwardAPI: expect.anything() })]);
  });
});
