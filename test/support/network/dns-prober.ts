/** Queries a DNS server continuously, as a workload would, and records the failures. */
import { askUdp } from '../../../src/dns/ask-udp.ts';

export interface ProberReport {
  readonly asked: number;
  readonly failures: readonly string[];
}

/** Ten queries a second over UDP, each with a timeout of one second, until `stop`. */
export function startProber(address: string, name: string, everyMs = 100): { stop(): Promise<ProberReport> } {
  const failures: string[] = [];
  const pending: Promise<void>[] = [];
  const ask = async (): Promise<void> => {
    const at = new Date().toISOString();
    try {
      const reply = await askUdp({ address, port: 53 }, name, AbortSignal.timeout(1_000));
      if (reply.rcode !== 'NOERROR') failures.push(`${at} ${reply.rcode}`);
    } catch (error) {
      failures.push(`${at} ${error instanceof Error ? error.message : String(error)}`);
    }
  };
  const timer = setInterval(() => pending.push(ask()), everyMs);
  return {
    async stop() {
      clearInterval(timer);
      await Promise.all(pending);
      return { asked: pending.length, failures };
    },
  };
}
