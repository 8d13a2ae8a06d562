/** Cause: CoreDNS runs in the host network and asks the host, where it listens itself. */
import type { CauseRule } from '../loop-facts.ts';
import { editCorefile } from '../object-names.ts';

export const hostNetworkLoop: CauseRule = ({ names, pod, origin, sighting }) => {
  if (!pod.hostNetwork || (origin !== 'loopback' && origin !== 'pod')) return null;
  return {
    cause: 'HostNetworkLoop',
    remedy: {
      kind: 'advice',
      advice: `CoreDNS runs in the host network, and its queries came back from the host (${sighting.from}). In the forward line of the Corefile, replace /etc/resolv.conf or the node's own address with your upstream resolvers: ${editCorefile(names)}. The kubelet is not changed, because pods outside the host network do not have this loop.`,
    },
  };
};
