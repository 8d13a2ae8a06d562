/** When a new CoreDNS pod becomes useful: the time of its first right answers over UDP. */
import { askUdp } from '../../src/dns/ask-udp.ts';
import type { Rig } from '../cluster/rig.ts';
import { until } from '../cluster/until.ts';

interface Question {
  readonly name: string;
  readonly address: string;
}

/** The upstream resolver of the rig knows this name. */
const EXTERNAL: Question = { name: 'example.com', address: '203.0.113.10' };

/** UIDs of the CoreDNS pods that exist now. */
export async function podsBefore(rig: Rig): Promise<ReadonlySet<string>> {
  return new Set((await rig.dnsPods()).map((pod) => pod.metadata.uid));
}

/**
 * Asks each CoreDNS pod that is not in `before`, as soon as it has an address and then every 25 ms, for a cluster name
 * and an external one.
 * @returns epoch milliseconds of the first time that one of them answered both correctly
 */
export function firstAnswer(rig: Rig, before: ReadonlySet<string>): Promise<number> {
  const internal = {
    name: `kubernetes.default.svc.${rig.plan.clusterDomain}`,
    address: rig.plan.primary.kubernetesService,
  };
  return until(
    async () => {
      for (const { metadata, status } of await rig.dnsPods()) {
        const { podIP } = status;
        if (podIP === undefined || before.has(metadata.uid)) continue;
        const right = await Promise.all([internal, EXTERNAL].map((question) => answers(podIP, question)));
        if (right.every(Boolean)) return Date.now();
      }
      return undefined;
    },
    { what: 'a new CoreDNS pod to answer', timeoutMs: 150_000, everyMs: 25 },
  );
}

async function answers(pod: string, { name, address }: Question): Promise<boolean> {
  try {
    const reply = await askUdp({ address: pod, port: 53 }, name, AbortSignal.timeout(200));
    return reply.addresses.includes(address);
  } catch {
    return false; // It refuses or is silent, because it does not serve yet.
  }
}
