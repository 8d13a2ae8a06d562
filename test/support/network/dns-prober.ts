/** Queries a DNS server continuously, as a workload would, and records the failures. */
import { askTcp } from '../../../src/dns/ask-tcp.ts';
import { askUdp } from '../../../src/dns/ask-udp.ts';

export interface ProberReport {
  readonly asked: number;
  readonly failures: readonly string[];
}

export interface Prober {
  stop(): Promise<ProberReport>;
}

const EVERY_MS = 100;
/** As long as a resolver of glibc waits: what is answered later, an application takes for lost. */
const TIMEOUT_MS = 5_000;
const PROTOCOLS = { udp: askUdp, tcp: askTcp } as const;

/** Ten queries a second, each with a timeout and a connection of its own, until `stop`. */
export function startProber(address: string, name: string, protocol: keyof typeof PROTOCOLS = 'udp'): Prober {
  const failures: string[] = [];
  const pending: Promise<void>[] = [];
  const ask = async (): Promise<void> => {
    const at = new Date().toISOString();
    try {
      const reply = await PROTOCOLS[protocol]({ address, port: 53 }, name, AbortSignal.timeout(TIMEOUT_MS));
      if (reply.rcode !== 'NOERROR') failures.push(`${at} ${reply.rcode}`);
    } catch (error) {
      failures.push(`${at} ${error instanceof Error ? error.message : String(error)}`);
    }
  };
  const timer = setInterval(() => pending.push(ask()), EVERY_MS);
  return {
    async stop() {
      clearInterval(timer);
      await Promise.all(pending);
      return { asked: pending.length, failures };
    },
  };
}

/** As one: a prober over UDP and one over TCP for each of these addresses. Failures begin with address and protocol. */
export function startProbers(addresses: readonly string[], name: string): Prober {
  const all = addresses.flatMap((address) =>
    (['udp', 'tcp'] as const).map((protocol) => ({
      who: `${address} ${protocol}`,
      prober: startProber(address, name, protocol),
    })),
  );
  return {
    async stop() {
      const reports = await Promise.all(
        all.map(async ({ who, prober }) => ({ who, ...(await prober.stop()) })),
      );
      return {
        asked: reports.reduce((sum, { asked }) => sum + asked, 0),
        failures: reports.flatMap(({ who, failures }) => failures.map((failure) => `${who} ${failure}`)),
      };
    },
  };
}
