/** Cause: the pod template decides what is in the pod's resolv.conf, so it has to be mended there and not on a node. */
import type { CauseRule } from '../loop-facts.ts';

export const podDnsConfig: CauseRule = ({ pod, origin, corefile }) => {
  if (pod.hostNetwork || origin === 'elsewhere' || origin === 'unnamed') return null;
  if (corefile.kind !== 'root' || !corefile.forward.usesPodResolvConf) return null;
  const nameservers = pod.dnsConfigNameservers;
  if (pod.dnsPolicy === 'Default' && nameservers.length === 0) return null;
  return { cause: 'PodDnsConfig', remedy: { kind: 'advice', advice: adviceFor(pod.dnsPolicy, nameservers) } };
};

function adviceFor(dnsPolicy: string, nameservers: readonly string[]): string {
  const list = nameservers.join(', ');
  switch (dnsPolicy) {
    case 'Default':
      return `The pod template of CoreDNS adds ${list} to the servers that the node gives it (dnsConfig.nameservers). Take from that list what leads back to CoreDNS, best the whole list. If CoreDNS still loops after that, the node is to blame and is looked at.`;
    case 'None':
      return `The pod template of CoreDNS has dnsPolicy None, so the node gives it nothing: it asks ${list || 'nobody'} (dnsConfig.nameservers). Name your upstream resolvers there, or set dnsPolicy: Default.`;
    default:
      return `The pod template of CoreDNS has dnsPolicy ${dnsPolicy}, with which it asks the cluster's DNS, that is itself. Set dnsPolicy: Default in its workload in kube-system.`;
  }
}
