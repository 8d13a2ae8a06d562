/** Asks the nameservers at the node's own addresses whether they are resolvers of the host, or the cluster's own DNS. */
import { DEFAULT_CLUSTER_NAME, type KnownAddresses, type RepairRequest } from '../../api/agent-protocol.ts';
import { canonical } from '../../diagnosis/ip-address.ts';
import { type Ask, isAnswer } from './ask-server.ts';

/**
 * - `resolver`: answers like any upstream, such as a dnsmasq of the host
 * - `cluster`: knows a name that only the cluster's DNS knows: CoreDNS on the host's network, or a node-local cache
 * - `silent`: does neither
 */
type OwnServer = 'resolver' | 'cluster' | 'silent';
export type OwnServers = ReadonlyMap<string, OwnServer>;

/** By their canonical address. Servers at other addresses are left out. */
export async function askOwnServers(
  servers: readonly string[],
  {
    known,
    externalName,
    clusterName = DEFAULT_CLUSTER_NAME,
  }: Pick<RepairRequest, 'known' | 'externalName' | 'clusterName'>,
  ask: Ask,
): Promise<OwnServers> {
  const node = new Set(known.node.map(canonical));
  const elsewhere = new Set([...known.clusterDNS, ...known.nodeLocalDNS].map(canonical));
  const own = new Set(servers.map(canonical).filter((server) => node.has(server) && !elsewhere.has(server)));
  return new Map(
    await Promise.all(
      [...own].map(async (server): Promise<[string, OwnServer]> => {
        const [cluster, external] = await Promise.all([ask(server, clusterName), ask(server, externalName)]);
        if (cluster.result === 'NOERROR') return [server, 'cluster'];
        return [server, isAnswer(external.result) ? 'resolver' : 'silent'];
      }),
    ),
  );
}

/** The addresses that lead back into the cluster, now that the node's own were asked. */
export function withoutResolvers(
  known: KnownAddresses,
  own: OwnServers,
  silent: 'silent ones may start' | 'silent ones do not serve',
): KnownAddresses {
  return {
    ...known,
    node: known.node.filter((address) => {
      const found = own.get(canonical(address));
      return found !== 'resolver' && !(found === 'silent' && silent === 'silent ones may start');
    }),
  };
}
