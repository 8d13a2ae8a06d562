/** Cause: CoreDNS runs on the host's network and asks the host, where it listens itself. */
import type { CauseRule } from '../loop-facts.ts';

export const hostNetworkLoop: CauseRule = ({ pod, origin, sighting }) => {
  if (!pod.hostNetwork || (origin !== 'loopback' && origin !== 'pod')) return null;
  return {
    cause: 'HostNetworkLoop',
    remedy: {
      kind: 'advice',
      advice: `This CoreDNS uses the host's network, and its queries came back from the host (${sighting.from}). Replace /etc/resolv.conf or the node's own address behind "forward" in its Corefile by the addresses of your upstream resolvers. The kubelet is not changed for it: other pods do not see that loop.`,
    },
  };
};
