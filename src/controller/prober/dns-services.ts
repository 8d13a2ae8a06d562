/** The addresses of the cluster DNS Service, kept for some minutes: the prober needs them in every round. */
import type { KubeClient } from '../../kube/client.ts';
import { KubeError } from '../../kube/errors.ts';
import { clusterDnsServices } from '../../observe/cluster-dns.ts';
import type { Logger } from '../../runtime/logger.ts';

const KEPT_MS = 10 * 60_000;

export interface DnsServices {
  /** Empty where the cluster has no such Service, or where they could not be read for now. */
  addresses(signal: AbortSignal): Promise<readonly string[]>;
}

export function createDnsServices(kube: KubeClient, logger: Logger, now: () => number): DnsServices {
  let known: readonly string[] = [];
  let readAt = Number.NEGATIVE_INFINITY;
  return {
    async addresses(signal) {
      if (now() - readAt < KEPT_MS) return known;
      try {
        known = await clusterDnsServices(kube, signal);
      } catch (error) {
        // The pods can be asked without it.
        if (!(error instanceof KubeError)) throw error;
        logger.warn('cluster DNS Services not readable, keeping the known ones', { error });
      }
      readAt = now();
      return known;
    },
  };
}
