/** Asks one DNS server over UDP, up to three times, and reports what it answered or what went wrong. */
import { askUdp } from '../../dns/ask-udp.ts';
import { wasAnswered } from '../../dns/message.ts';

const TIMEOUT_MS = 1_000;
const TRIES = 3;

export interface ServerAnswer {
  /** The rcode, or what went wrong. */
  readonly result: string;
  readonly ms: number;
}

export type Ask = (server: string, name: string) => Promise<ServerAnswer>;

/** NXDOMAIN comes from a resolver that works; SERVFAIL and REFUSED come from one that cannot or will not resolve. */
export const isAnswer = (result: string): boolean => wasAnswered({ rcode: result });

export async function askServer(address: string, name: string, port = 53): Promise<ServerAnswer> {
  const startedAtMs = performance.now();
  let result = 'timeout';
  for (let attempt = 0; attempt < TRIES && result === 'timeout'; attempt++)
    result = await askOnce(address, name, port);
  return { result, ms: Math.round(performance.now() - startedAtMs) };
}

async function askOnce(address: string, name: string, port: number): Promise<string> {
  const timeout = AbortSignal.timeout(TIMEOUT_MS);
  try {
    // A forged datagram must not end the wait for the real answer.
    const { rcode } = await askUdp({ address: withoutScope(address), port }, name, timeout, {
      skipUnreadable: true,
    });
    return rcode;
  } catch (error) {
    if (timeout.aborted) return 'timeout';
    return error instanceof Error ? ((error as NodeJS.ErrnoException).code ?? error.message) : String(error);
  }
}

/** As CoreDNS asks. The interface of a scope such as `%eth0` is one of the node, and the agent is in the pod network. */
const withoutScope = (address: string): string => address.replace(/%.*$/, '');
