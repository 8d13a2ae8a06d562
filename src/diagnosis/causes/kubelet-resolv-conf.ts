/**
 * Cause: the kubelet gives its pods a resolv.conf that leads back to them. The only cause that is repaired, and
 * therefore the strictest: every condition must be known to hold. The agent confirms it on the node.
 */
import type { CauseRule } from '../loop-facts.ts';

export const kubeletResolvConf: CauseRule = ({ origin, sighting, isProbedByNameservers, corefile, pod }) => {
  const fits =
    origin === 'loopback' &&
    sighting.zone === '.' &&
    isProbedByNameservers &&
    corefile.kind === 'root' &&
    corefile.forward.usesPodResolvConf &&
    corefile.forward.selfTargets.length === 0 &&
    corefile.forward.unseen.length === 0 &&
    !pod.hostNetwork &&
    pod.dnsPolicy === 'Default' &&
    pod.dnsConfigNameservers.length === 0;
  return fits ? { cause: 'KubeletResolvConf', remedy: { kind: 'repair' } } : null;
};
