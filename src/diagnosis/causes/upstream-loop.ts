/** Cause: another machine sends the cluster's queries back to it. The node is not at fault. */
import { parseIp } from '../ip-address.ts';
import type { CauseRule } from '../loop-facts.ts';

export const upstreamLoop: CauseRule = ({ origin, sighting }) => {
  if (origin !== 'elsewhere' && origin !== 'cluster-dns') return null;
  const from = sighting.from ?? '';
  return { cause: 'UpstreamLoop', remedy: { kind: 'advice', advice: adviceFor(from, origin) } };
};

function adviceFor(from: string, origin: 'elsewhere' | 'cluster-dns'): string {
  if (origin === 'cluster-dns') {
    return `The query came back from ${from}, the Service address of the cluster DNS. Either it is listed as an upstream server, in the resolv.conf of the node or in the Corefile, or the network plugin rewrites the source of DNS packets. Remove it from the list; if it is in neither, exclude the DNS pods from the network plugin's DNS interception.`;
  }
  if (parseIp(from)?.canonical.startsWith('169.254.')) {
    return `The query came back from ${from}, a link-local address as used by node-local DNS caches. Give that cache real upstream resolvers instead of the cluster DNS (kubespray: upstream_dns_servers), and remove ${from} from the resolv.conf that CoreDNS is given.`;
  }
  return `The query came back from ${from}, which is not this pod: an upstream resolver, or a gateway that translates its address, forwards "." to the cluster. Find the conditional forwarder there that points at the cluster DNS, and limit it to the cluster domain.`;
}
