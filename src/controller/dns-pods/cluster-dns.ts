/** The addresses of the Services of cluster DNS, kept for some minutes: each incident and each check of a node needs them. */
import type { KubeClient } from '../../kube/client.ts';
import { clusterDnsAddresses } from '../../observe/cluster-dns.ts';

/** They hardly ever change, and reading them is two requests. */
const KEPT_MS = 5 * 60_000;
/** None is what a cluster shows that is just being installed. */
const NONE_KEPT_MS = 10_000;

export interface ClusterDns {
  /**
   * Empty where the cluster has no such Service.
   *
   * @throws KubeError
   */
  addresses(signal: AbortSignal): Promise<readonly string[]>;
}

export function createClusterDns(kube: KubeClient, now: () => number): ClusterDns {
  let known: readonly string[] = [];
  let readAt = Number.NEGATIVE_INFINITY;
  return {
    async addresses(signal) {
      const time = now();
      // A clock that was put back says nothing of an age.
      const isFresh = time >= readAt && time - readAt < (known.length > 0 ? KEPT_MS : NONE_KEPT_MS);
      if (isFresh) return known;
      known = await clusterDnsAddresses(kube, signal);
      readAt = time;
      return known;
    },
  };
}
