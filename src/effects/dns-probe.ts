/** Asks one DNS pod, or the Service, over UDP and TCP, for a name of the cluster and an external one. */
import type { Answer } from '../api/answer.ts';
import { canonical } from '../diagnosis/ip-address.ts';
import { askTcp } from '../dns/ask-tcp.ts';
import { askUdp } from '../dns/ask-udp.ts';
import { type DnsReply, type RecordType, wasAnswered } from '../dns/message.ts';
import type { Failure, ProbedAnswer } from '../health/round.ts';

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
export async function askDns(probe: DnsProbe, signal: AbortSignal): Promise<readonly ProbedAnswer[]> {
  const { address, port = 53, answerTimeoutMs = ANSWER_TIMEOUT_MS } = probe;
  return Promise.all(
    questionsOf(probe).flatMap(({ accept, ...question }) =>
      TRANSPORTS.map(async ({ protocol, ask }): Promise<ProbedAnswer> => {
        const startedAt = performance.now();
        const answered = (result: string, failure: Failure | null): ProbedAnswer => {
          const ms = Math.round((performance.now() - startedAt) * 10) / 10;
          return { answer: { protocol, ...question, result, ok: failure === null, ms }, failure };
        };
        const timeout = AbortSignal.timeout(answerTimeoutMs);
        const either = AbortSignal.any([signal, timeout]);
        try {
          const reply = await ask({ address, port }, question.name, either, question);
          return answered(summary(reply), accept(reply) ? null : failureOf(reply));
        } catch (error) {
          if (error === timeout.reason) return answered(`no answer within ${answerTimeoutMs} ms`, 'Timeout');
          return answered(textOf(error), failureOfError(error));
        }
      }),
    ),
  );
}

/** The answers as a record keeps them. */
export async function probeDns(probe: DnsProbe, signal: AbortSignal): Promise<readonly Answer[]> {
  return (await askDns(probe, signal)).map(({ answer }) => answer);
}

function failureOf({ rcode }: DnsReply): Failure {
  if (rcode === 'SERVFAIL') return 'ServerFailure';
  return rcode === 'REFUSED' ? 'Refused' : 'WrongAnswer';
}

/** Codes of a host that is there and does not serve this port; a REJECT rule of kube-proxy looks the same. */
const REJECTED: ReadonlySet<unknown> = new Set(['ECONNREFUSED', 'ECONNRESET']);

/** An error without a system call is not the socket's: a message came that is not an answer. */
function failureOfError(error: unknown): Failure {
  if (!(error instanceof Error) || !('syscall' in error && 'code' in error)) return 'WrongAnswer';
  return REJECTED.has(error.code) ? 'Rejected' : 'Unreachable';
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
const typeOf = (address: string): RecordType => (address.includes(':') ? 'AAAA' : 'A');
const hasOneOf =
  (expected: readonly string[]) =>
  (reply: DnsReply): boolean =>
    reply.rcode === 'NOERROR' && reply.addresses.some((address) => expected.includes(canonical(address)));
const summary = (reply: DnsReply): string =>
  reply.addresses.length > 0 ? reply.addresses.slice(0, 4).join(' ') : reply.rcode;
const textOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
