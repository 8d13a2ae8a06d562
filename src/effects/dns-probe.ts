/** Asks one DNS pod at its own address, over UDP and TCP, for a name of the cluster and an external one. */
import type { Answer } from '../api/remediation.ts';
import { askTcp } from '../dns/ask-tcp.ts';
import { askUdp } from '../dns/ask-udp.ts';
import type { DnsReply } from '../dns/message.ts';

/** A working CoreDNS answers from memory within a millisecond, and through its upstream within a few tens. */
const ANSWER_TIMEOUT_MS = 1_000;

interface DnsProbe {
  readonly address: string;
  readonly port?: number;
  /** kubernetes.default.svc.<clusterDomain> */
  readonly clusterName: string;
  /** What it must resolve to: the address of the kubernetes Service. */
  readonly clusterAddress: string;
  readonly externalName: string;
}

/**
 * Sends all four questions at once.
 *
 * The name of the cluster must resolve to the address of the Service. For the external name any answer that came through
 * the upstream will do, NOERROR or NXDOMAIN, while a loop ends in SERVFAIL, REFUSED or silence.
 * Never throws: an error is an answer that is not ok.
 */
export async function probeDns(probe: DnsProbe, signal: AbortSignal): Promise<readonly Answer[]> {
  const questions = [
    { name: probe.clusterName, accept: hasAddress(probe.clusterAddress) },
    { name: probe.externalName, accept: wasAnswered },
  ];
  const transports = [
    { protocol: 'udp', ask: askUdp },
    { protocol: 'tcp', ask: askTcp },
  ] as const;
  const server = { address: probe.address, port: probe.port ?? 53 };
  return Promise.all(
    questions.flatMap(({ name, accept }) =>
      transports.map(async ({ protocol, ask }): Promise<Answer> => {
        const startedAt = performance.now();
        const ms = () => Math.round((performance.now() - startedAt) * 10) / 10;
        try {
          const reply = await ask(
            server,
            name,
            AbortSignal.any([signal, AbortSignal.timeout(ANSWER_TIMEOUT_MS)]),
          );
          return { protocol, name, result: summary(reply), ok: accept(reply), ms: ms() };
        } catch (error) {
          return { protocol, name, result: reasonOf(error), ok: false, ms: ms() };
        }
      }),
    ),
  );
}

const hasAddress =
  (address: string) =>
  (reply: DnsReply): boolean =>
    reply.rcode === 'NOERROR' && reply.addresses.includes(address);
const wasAnswered = (reply: DnsReply): boolean => reply.rcode === 'NOERROR' || reply.rcode === 'NXDOMAIN';
const summary = (reply: DnsReply): string =>
  reply.addresses.length > 0 ? reply.addresses.slice(0, 4).join(' ') : reply.rcode;

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.name === 'TimeoutError' ? `no answer within ${ANSWER_TIMEOUT_MS} ms` : error.message;
}
