import type { Packet } from 'dns-packet';
import { afterEach, describe, expect, it } from 'vitest';
import {
  answerTo,
  type DnsTestServer,
  framed,
  type Reply,
  startDnsServer,
} from '../../test/support/network/dns-server.ts';
import type { Failure } from '../health/round.ts';
import { askDns, probeDns } from './dns-probe.ts';

const CLUSTER = 'kubernetes.default.svc.cluster.local';
const OUTSIDE = 't1-abc.invalid';
const SERVICE = '10.96.0.1';

const isCluster = ({ questions }: Packet) => questions?.[0]?.name === CLUSTER;
/** What a working CoreDNS answers: the name of the cluster, and NXDOMAIN through its upstream. */
const right = (query: Packet): Buffer =>
  isCluster(query) ? answerTo(query, { addresses: [SERVICE] }) : answerTo(query, { rcode: 'NXDOMAIN' });
const udpRight: Reply = (query, send) => send(right(query));
const tcpRight: Reply = (query, send) => send(framed(right(query)));
/** The same answer to every question over both transports. */
const always = (message: (query: Packet) => Buffer): { udp: Reply; tcp: Reply } => ({
  udp: (query, send) => send(message(query)),
  tcp: (query, send) => send(framed(message(query))),
});

let server: DnsTestServer | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});

/** Long enough for a machine of any speed; the tests of silence say their own. */
const PATIENT_MS = 60_000;
const NAMES = { clusterName: CLUSTER, clusterAddresses: [SERVICE], externalName: OUTSIDE };

async function ask(
  reply: Parameters<typeof startDnsServer>[0],
  {
    signal = new AbortController().signal,
    address = '127.0.0.1',
    clusterAddresses = [SERVICE],
    answerTimeoutMs = PATIENT_MS,
  } = {},
) {
  server = await startDnsServer(reply, { address });
  const { port } = server;
  return probeDns({ ...NAMES, address, port, clusterAddresses, answerTimeoutMs }, signal);
}
const verdicts = (answers: Awaited<ReturnType<typeof ask>>) => answers.map(({ ok }) => ok);
const results = (answers: Awaited<ReturnType<typeof ask>>) => new Set(answers.map(({ result }) => result));

describe('a DNS pod that works', () => {
  it('is asked for both names over UDP and TCP, and all four answers are correct', async () => {
    const answers = await ask({ udp: udpRight, tcp: tcpRight });
    expect(answers.map(({ protocol, name, type, result, ok }) => [protocol, name, type, result, ok])).toEqual(
      [
        ['udp', CLUSTER, 'A', SERVICE, true],
        ['tcp', CLUSTER, 'A', SERVICE, true],
        ['udp', OUTSIDE, 'A', 'NXDOMAIN', true],
        ['tcp', OUTSIDE, 'A', 'NXDOMAIN', true],
      ],
    );
  });

  it('may return addresses for the external name, and several for the name of the cluster', async () => {
    const answers = await ask(
      always((query) =>
        answerTo(query, { addresses: isCluster(query) ? ['10.0.0.9', SERVICE] : ['192.0.2.1'] }),
      ),
    );
    expect(verdicts(answers)).toEqual([true, true, true, true]);
  });

  it('may send its answer over TCP in pieces, even of the length prefix', async () => {
    const tcp: Reply = (query, send) => {
      const bytes = framed(right(query));
      const cuts = [0, 1, 2, 9, bytes.length];
      const sendFrom = (at: number): void => {
        if (at + 1 >= cuts.length) return;
        send(bytes.subarray(cuts[at], cuts[at + 1]));
        // In an event of its own, so that the pieces are not joined on the way.
        setImmediate(sendFrom, at + 1);
      };
      sendFrom(0);
    };
    expect(verdicts(await ask({ udp: udpRight, tcp }))).toEqual([true, true, true, true]);
  });

  it('is believed although a forged answer arrives first, with another id or for another question', async () => {
    const udp: Reply = (query, send) => {
      send(answerTo(query, { id: ((query.id ?? 0) + 1) % 65_536, addresses: ['203.0.113.66'] }));
      send(answerTo(query, { type: 'AAAA', addresses: ['2001:db8::66'] }));
      send(answerTo(query, { name: 'evil.example', addresses: ['203.0.113.66'] }));
      send(right(query));
    };
    expect(results(await ask({ udp, tcp: tcpRight }))).toEqual(new Set([SERVICE, 'NXDOMAIN']));
  });
});

const V6 = 'fd00:10:96::1';
/** A working CoreDNS whose kubernetes Service has these addresses. */
const withService = (addresses: readonly string[]): { udp: Reply; tcp: Reply } =>
  always((query) => {
    if (!isCluster(query)) return answerTo(query, { rcode: 'NXDOMAIN' });
    const isV6 = query.questions?.[0]?.type === 'AAAA';
    return answerTo(query, { addresses: addresses.filter((one) => one.includes(':') === isV6) });
  });

describe('a DNS pod of a cluster with IPv6', () => {
  it.each([
    ['IPv6 only', [V6], ['AAAA']],
    ['both, IPv4 first', [SERVICE, V6], ['A', 'AAAA']],
    ['both, IPv6 first', [V6, SERVICE], ['AAAA', 'A']],
    ['IPv6 in another spelling', ['FD00:10:96:0::0001'], ['AAAA']],
  ])('is asked at its IPv6 address for the families of the Service: %s', async (_what, service, types) => {
    const answers = await ask(withService([SERVICE, V6]), { address: '::1', clusterAddresses: service });
    expect(answers.filter(({ ok }) => !ok)).toEqual([]);
    const cluster = answers.filter(({ name }) => name === CLUSTER).map(({ type }) => type);
    expect(cluster).toEqual(types.flatMap((type) => [type, type]));
  });

  it('fails if it answers for one family of two, or with an address of the other family', async () => {
    const answers = await ask(withService([SERVICE]), { clusterAddresses: [SERVICE, V6] });
    expect(verdicts(answers)).toEqual([true, true, false, false, true, true]);
    const wrong = await ask(
      always((query) => answerTo(query, { addresses: [SERVICE] })),
      { clusterAddresses: [V6] },
    );
    expect(verdicts(wrong)).toEqual([false, false, true, true]);
  });
});

describe('a DNS pod that does not work', () => {
  it.each(['SERVFAIL', 'REFUSED'] as const)('fails with %s, which is how a loop ends', async (rcode) => {
    const answers = await ask(always((query) => answerTo(query, { rcode })));
    expect(verdicts(answers)).toEqual([false, false, false, false]);
    expect(results(answers)).toEqual(new Set([rcode]));
  });

  it.each([
    ['another address', ['10.96.0.2']],
    ['no address', []],
  ])('fails if the name of the cluster has %s', async (_what, addresses) => {
    const answers = await ask(always((query) => answerTo(query, { addresses })));
    // The external name is answered, and nothing more is required of it.
    expect(verdicts(answers)).toEqual([false, false, true, true]);
  });

  it('fails if the name of the cluster does not exist', async () => {
    const answers = await ask(always((query) => answerTo(query, { rcode: 'NXDOMAIN' })));
    expect(verdicts(answers)).toEqual([false, false, true, true]);
  });

  it('fails when it is silent, at its deadline', async () => {
    const answers = await ask({}, { answerTimeoutMs: 20 });
    expect(verdicts(answers)).toEqual([false, false, false, false]);
    expect(results(answers)).toEqual(new Set(['no answer within 20 ms']));
  });

  it('fails over the one transport that is silent', async () => {
    const stop = new AbortController();
    let read = 0;
    const tcpClosed = () => {
      read += 1;
      if (read === 2) stop.abort(new Error('both answers over TCP were read'));
    };
    const answers = await ask({ tcp: tcpRight, tcpClosed }, { signal: stop.signal });
    expect(verdicts(answers)).toEqual([false, true, false, true]);
  });

  it('fails if the answers are truncated, over both transports', async () => {
    const answers = await ask({
      udp: (query, send) => send(right(query).subarray(0, 7)),
      tcp: (query, send) => send(framed(right(query).subarray(0, 7))),
    });
    expect(verdicts(answers)).toEqual([false, false, false, false]);
    expect(answers[0]?.result).toBe('unreadable DNS message of 7 bytes');
  });

  it('fails if the answer over TCP belongs to another question', async () => {
    const tcp: Reply = (query, send) => send(framed(answerTo(query, { name: 'evil.example' })));
    expect(verdicts(await ask({ udp: udpRight, tcp }))).toEqual([true, false, true, false]);
  });

  it('fails at once if the port is closed', async () => {
    const gone = await startDnsServer({});
    const { port } = gone;
    await gone.close();
    const answers = await probeDns(
      { ...NAMES, address: '127.0.0.1', port, answerTimeoutMs: PATIENT_MS },
      new AbortController().signal,
    );
    expect(verdicts(answers)).toEqual([false, false, false, false]);
    for (const { result } of answers) expect(result).toContain('ECONNREFUSED');
  });

  it('fails, and harms nothing else, if there is no route to its address', async () => {
    // The limited broadcast address: the kernel refuses to connect to it, as to an address without a route.
    const answers = await probeDns(
      { ...NAMES, address: '255.255.255.255', answerTimeoutMs: PATIENT_MS },
      new AbortController().signal,
    );
    expect(verdicts(answers)).toEqual([false, false, false, false]);
    for (const { result } of answers) expect(result).toMatch(/EACCES|ENETUNREACH/);
  });
});

describe('a failed answer is named', () => {
  const cut = (query: Packet) => right(query).subarray(0, 7);
  it.each<[Failure, Parameters<typeof startDnsServer>[0] | 'closed', string?]>([
    ['Timeout', {}],
    ['Rejected', 'closed'],
    ['Unreachable', 'closed', '255.255.255.255'],
    ['ServerFailure', always((query) => answerTo(query, { rcode: 'SERVFAIL' }))],
    ['Refused', always((query) => answerTo(query, { rcode: 'REFUSED' }))],
    ['WrongAnswer', always(cut)],
  ])('%s', async (failure, replies, address = '127.0.0.1') => {
    const started = await startDnsServer(replies === 'closed' ? {} : replies);
    const { port } = started;
    if (replies === 'closed') await started.close();
    else server = started;
    const probe = { ...NAMES, address, port, answerTimeoutMs: failure === 'Timeout' ? 20 : PATIENT_MS };
    const answers = await askDns(probe, new AbortController().signal);
    expect(new Set(answers.map((one) => one.failure))).toEqual(new Set([failure]));
  });

  it('WrongAnswer also if only the address is another one, and not at all if it is right', async () => {
    const replies = always((query) => answerTo(query, { addresses: ['10.96.0.2'] }));
    server = await startDnsServer(replies);
    const probe = { ...NAMES, address: '127.0.0.1', port: server.port, answerTimeoutMs: PATIENT_MS };
    const answers = await askDns(probe, new AbortController().signal);
    expect(answers.map(({ failure }) => failure)).toEqual(['WrongAnswer', 'WrongAnswer', null, null]);
  });
});

describe('a probe that is aborted', () => {
  it('returns the reason, without waiting for the timeout', async () => {
    const stop = new AbortController();
    const udp: Reply = () => stop.abort(new Error('the process is shutting down'));
    const answering = ask({ udp }, { signal: stop.signal });
    expect(results(await answering)).toEqual(new Set(['the process is shutting down']));
  });

  it('sends nothing if it was aborted before', async () => {
    const answers = await ask(
      { udp: udpRight, tcp: tcpRight },
      { signal: AbortSignal.abort(new Error('too late')) },
    );
    expect(results(answers)).toEqual(new Set(['too late']));
  });
});
