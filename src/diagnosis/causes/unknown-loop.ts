/** Cause: certainly a loop, but its origin is unknown. Always the last rule, because it matches everything. */
import type { LoopFacts } from '../loop-facts.ts';

/**
 * Log lines before 1.3.1 name no address. The kubelet may well be the cause of such a line, but it is not repaired:
 * without the address, an upstream resolver that forwards back looks exactly the same, and a kubelet would be
 * restarted for nothing. Refuse rather than guess.
 */
export function unknownLoop({ origin, corefile }: LoopFacts) {
  return { cause: 'UnknownLoop', remedy: { kind: 'advice', advice: adviceFor(origin, corefile) } } as const;
}

function adviceFor(origin: LoopFacts['origin'], corefile: LoopFacts['corefile']): string {
  if (origin === 'unnamed') {
    return "This release of CoreDNS reports a loop without the address that the query came back from, so either the node or an upstream resolver may cause it. Check the file that the kubelet's resolvConf points to on the node. If it lists a 127.x address, set resolvConf: /run/systemd/resolve/resolv.conf in the kubelet configuration, run `systemctl restart kubelet` there, and delete the pod. CoreDNS 1.3.1 and newer report the address.";
  }
  if (corefile.kind === 'unreadable') {
    return `The loop is inside the pod, but ${corefile.why}, so CoreDNS may be configured to ask itself. The node is not changed. Make sure that the ConfigMap kube-system/coredns has a valid Corefile: \`kubectl -n kube-system edit configmap coredns\`.`;
  }
  return "The loop is inside the pod, but what is known about the pod does not explain it. Compare the file that the kubelet's resolvConf points to on the node with the forward lines of the Corefile.";
}
