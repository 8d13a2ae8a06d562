/** Cause: the query came back from one of the pod's own addresses. */
import type { CauseRule } from '../loop-facts.ts';

export const selfAddressLoop: CauseRule = ({ origin, sighting }) => {
  if (origin !== 'pod') return null;
  return {
    cause: 'SelfAddressLoop',
    remedy: {
      kind: 'advice',
      advice: `The query came back from the pod's own address ${sighting.from}: an upstream address leads back to CoreDNS, most often the Service address of the cluster DNS. Find that address in the file that the kubelet's resolvConf points to on the node, or in the Corefile, and remove it.`,
    },
  };
};
