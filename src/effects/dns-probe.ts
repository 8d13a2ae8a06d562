/** Asks one DNS pod at its own address, over UDP and TCP, for a name of the cluster and an external one. */
import type { Answer } from '../api/answer.ts';
import { parseIp } from '../diagnosis/ip-address.ts';
import { askTcp } from '../dns/ask-tcp.ts';
import { askUdp } from '../dns/ask-udp.ts';
import type { DnsReply, RecordType } from '../dns/message.ts';

/** A working CoreDNS answers from memory within a millisecond, and through its upstream within a few tens. */
const ANSWER_TIMEOUT_MS = 1_000;

interface DnsProbe {
  /** IPv4 or IPv6. */
  readonly address: string;
  /** @default 53 */
  readonly port?: number;
  /** kubernetes.default.svc.<clusterDomain> */
  readonly clusterName: string;
  /** What it must resolve to: the addresses of the kubernetes Service, of one IP family or of both. */
  readonly clusterAddresses: readonly string[];
  readonly externalName: string;
  /** @default 1000 */
  readonly answerTimeoutMs?: number;
}

interface Question {
  readonly name: string;
  readonly scope: NonNullable<Answer['scope']>;
  readonly type: RecordType;
  readonly accept: (reply: DnsReply) => boolean;
}

const TRANSPORTS = [
  { protocol: 'udp', ask: askUdp },
  { protocol: 'tcp', ask: askTcp },
] as const;

/**
 * Sends all questions at once: each one over UDP and over TCP.
 *
 * The name of the cluster is asked for in each IP family that the Service has, and must resolve to its address. For the
 * external name any answer that came through the upstream will do, NOERROR or NXDOMAIN, while a loop ends in SERVFAIL,
 * REFUSED or silence.
 * Never throws: an error is an answer that is not ok.
 */
export async function probeDns(probe: DnsProbe, signal: AbortSignal): Promise<readonly Answer[]> {
  const { address, port = 53, answerTimeoutMs = ANSWER_TIMEOUT_MS } = probe;
  return Promise.all(
    questionsOf(probe).flatMap(({ accept, ...question }) =>
      TRANSPORTS.map(async ({ protocol, ask }): Promise<Answer> => {
        const startedAt = performance.now();
        const ms = () => Math.round((performance.now() - startedAt) * 10) / 10;
        const timeout = AbortSignal.timeout(answerTimeoutMs);
        const either = AbortSignal.any([signal, timeout]);
        try {
          const reply = await ask({ address, port }, question.name, either, question);
          return { protocol, ...question, result: summary(reply), ok: accept(reply), ms: ms() };
        } catch (error) {
          const result = error === timeout.reason ? `no answer within ${answerTimeoutMs} ms` : textOf(error);
          return { protocol, ...question, result, ok: false, ms: ms() };
        }
      }),
    ),
  );
}

function questionsOf({ clusterName, clusterAddresses, externalName }: DnsProbe): readonly Question[] {
  const expected = clusterAddresses.map(canonical);
  const types = [...new Set(expected.map(typeOf))];
  return [
    ...types.map((type) => ({
      name: clusterName,
      scope: 'Cluster' as const,
      type,
      accept: hasOneOf(expected.filter((address) => typeOf(address) === type)),
    })),
    { name: externalName, scope: 'External', type: 'A', accept: wasAnswered },
  ];
}

/** IPv6 has several spellings of one address. */
const canonical = (address: string): string => parseIp(address)?.canonical ?? address;
const typeOf = (address: string): RecordType => (address.includes(':') ? 'AAAA' : 'A');
const hasOneOf =
  (expected: readonly string[]) =>
  (reply: DnsReply): boolean =>
    reply.rcode === 'NOERROR' && reply.addresses.some((address) => expected.includes(canonical(address)));
const wasAnswered = (reply: DnsReply): boolean => reply.rcode === 'NOERROR' || reply.rcode === 'NXDOMAIN';
const summary = (reply: DnsReply): string =>
  reply.addresses.length > 0 ? reply.addresses.slice(0, 4).join(' ') : reply.rcode;
const textOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
