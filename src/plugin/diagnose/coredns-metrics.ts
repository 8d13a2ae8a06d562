/** What CoreDNS' own metrics show of its upstreams: which servers it asks, and how often it refused. Pure. */

export interface UpstreamMetrics {
  /** The servers that it has asked, without port: of its Corefile, or of the resolv.conf of its pod. */
  readonly servers: readonly string[];
  /** Queries that were refused because `max_concurrent` were waiting already. */
  readonly rejected: number;
}

/** CoreDNS 1.12 and newer, and the names before. `to` is `address:port`. */
const SERVER = /^coredns_(?:proxy|forward)_\w+\{(?=[^}]*\bto="([^"]+)")(?![^}]*\bproxy_name="(?!forward))/;
const REJECTED = /^coredns_forward_max_concurrent_rejects_total(?:\{[^}]*\})? (\S+)$/;

/** @param text in the format of Prometheus */
export function upstreamMetrics(text: string): UpstreamMetrics {
  const servers = new Set<string>();
  let rejected = 0;
  for (const line of text.split('\n')) {
    const server = SERVER.exec(line)?.[1];
    if (server !== undefined) servers.add(hostOf(server));
    rejected += Number(REJECTED.exec(line)?.[1] ?? 0);
  }
  return { servers: [...servers], rejected };
}

const hostOf = (endpoint: string): string =>
  endpoint
    .replace(/^tls:\/\//, '')
    .replace(/:\d+$/, '')
    .replace(/^\[(.*)\]$/, '$1');
