/** Cause: the query went out and came back from one of the pod's own addresses. */
import type { CauseRule } from '../loop-facts.ts';

export const selfAddressLoop: CauseRule = ({ origin, sighting }) => {
  if (origin !== 'pod') return null;
  return {
    cause: 'SelfAddressLoop',
    remedy: {
      kind: 'advice',
      advice: `The query came back from the pod's own address ${sighting.from}: an upstream server is reached under an address that leads to CoreDNS again, most often the Service address of the cluster's DNS in the resolv.conf of the node. Look for it in the file that the kubelet's resolvConf names and in the Corefile, and take it out.`,
    },
  };
};
