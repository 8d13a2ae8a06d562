/** Loops without a crash show in what CoreDNS answers: it refuses its own queries once a thousand of them wait. */
import { askUdp } from '../../../src/dns/ask-udp.ts';
import { logLine } from '../dns/dns-deaths.ts';
import type { Rig } from '../rig.ts';
import { until } from '../until.ts';

const REFUSAL = /^\[ERROR\] plugin\/errors: .*\.example\.com\. A: concurrent queries exceeded maximum/;

/**
 * Asks all CoreDNS pods for an external name until one of them logs the error; returns that line. Where they forward to
 * their Service, it need not be a pod that was asked: the query may circle in another one.
 */
export async function refusalOfExternalName(rig: Rig): Promise<string> {
  return until(
    async () => {
      for (const { metadata, status } of await rig.dnsPods()) {
        if (status.podIP !== undefined) await ask(status.podIP);
        const line = await logLine(rig, metadata.name, 'coredns', REFUSAL);
        if (line !== undefined) return line;
      }
      return undefined;
    },
    { what: 'CoreDNS to refuse an external name' },
  );
}

async function ask(address: string): Promise<void> {
  try {
    // A new name each time: a cached answer, from before the fault, would hide it for half a minute.
    await askUdp({ address, port: 53 }, `${Date.now()}.example.com`, AbortSignal.timeout(1_000));
  } catch {
    // It does not serve yet, or is busy with its own queries: the log is what counts.
  }
}
