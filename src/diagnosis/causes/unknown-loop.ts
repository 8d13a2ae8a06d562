/** Cause: a loop for certain, but where it closes cannot be said. Always the last rule: it answers everything. */
import type { LoopFacts } from '../loop-facts.ts';

/**
 * Wordings before 1.3.1 name no address. A kubelet's stub may well be behind such a line, and yet it is not repaired:
 * without the address a resolver elsewhere that forwards back looks exactly the same, and then a kubelet would be
 * restarted for nothing. Refuse rather than guess.
 */
export function unknownLoop({ origin, corefile }: LoopFacts) {
  return { cause: 'UnknownLoop', remedy: { kind: 'advice', advice: adviceFor(origin, corefile) } } as const;
}

function adviceFor(origin: LoopFacts['origin'], corefile: LoopFacts['corefile']): string {
  if (origin === 'unnamed') {
    return 'This CoreDNS reports a loop without saying from which address the query came back, so it cannot be told whether the node or an upstream resolver closes it. Look at /etc/resolv.conf inside the pod: if it lists a 127.x address, set resolvConf in the kubelet configuration of its node to /run/systemd/resolve/resolv.conf, restart the kubelet and delete the pod. CoreDNS 1.3.1 and newer name the address.';
  }
  if (corefile.kind === 'unreadable') {
    return `The loop closes inside the pod, but ${corefile.why}, so it cannot be ruled out that CoreDNS is configured to ask itself. Nothing is changed on the node. Make the ConfigMap kube-system/coredns with the key Corefile readable and valid.`;
  }
  return 'The loop closes inside the pod, but what is known about the pod does not say how. Compare /etc/resolv.conf inside the pod with the resolvConf of the kubelet on its node and with the forward lines of the Corefile.';
}
