/** Cause: another machine hands the cluster's queries back to it. Nothing on the node is wrong. */
import { parseIp } from '../ip-address.ts';
import type { CauseRule } from '../loop-facts.ts';

export const upstreamLoop: CauseRule = ({ origin, sighting }) => {
  if (origin !== 'elsewhere' && origin !== 'cluster-dns') return null;
  const from = sighting.from ?? '';
  return { cause: 'UpstreamLoop', remedy: { kind: 'advice', advice: adviceFor(from, origin) } };
};

function adviceFor(from: string, origin: 'elsewhere' | 'cluster-dns'): string {
  if (origin === 'cluster-dns') {
    return `The query came back from ${from}, the Service address of the cluster's DNS: it stands among the upstream servers, in the resolv.conf of the node or in the Corefile, or the network plugin rewrites the source of DNS packets. Take it out of the list; if it is in none, exclude the DNS pods from the network plugin's DNS interception.`;
  }
  if (parseIp(from)?.canonical.startsWith('169.254.')) {
    return `The query came back from ${from}, a link-local address, as node-local DNS caches use it. Give that cache true upstream resolvers (kubespray: upstream_dns_servers) instead of the cluster's DNS, and take ${from} out of the resolv.conf that CoreDNS is given.`;
  }
  return `The query came back from ${from}, which is not this pod: a resolver upstream (or a gateway that translates its address) forwards "." to the cluster. Find the conditional forwarder there that points at the cluster's DNS and limit it to the cluster domain.`;
}
