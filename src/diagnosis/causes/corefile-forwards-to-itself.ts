/** Cause: the Corefile itself makes CoreDNS loop, on every node. Changing a kubelet would not help. */
import type { CauseRule, LoopFacts } from '../loop-facts.ts';

/** A `nameserver` line names no port. */
const DNS_PORT = 53;
const EDIT_COREFILE = '`kubectl -n kube-system edit configmap coredns`';

export const corefileForwardsToItself: CauseRule = (facts) => {
  const advice = adviceFor(facts);
  return advice === null ? null : { cause: 'CorefileForwardsToItself', remedy: { kind: 'advice', advice } };
};

function adviceFor({ origin, corefile, probedPort }: LoopFacts): string | null {
  if (origin === 'unnamed' || origin === 'elsewhere' || corefile.kind === 'unreadable') return null;
  if (corefile.kind === 'no-root') {
    return 'CoreDNS reported a loop for ".", but no server block of the Corefile serves ".", so the pod may run with an older Corefile. Restart CoreDNS to load the current one: `kubectl -n kube-system rollout restart deployment coredns`.';
  }
  const { forward } = corefile;
  if (forward.selfTargets.length > 0) {
    return `The Corefile forwards "." to ${forward.selfTargets.join(', ')}, which is CoreDNS itself. Replace that with your upstream resolvers or with /etc/resolv.conf: ${EDIT_COREFILE}.`;
  }
  // From here on, only a loop inside the pod is certain to be caused by the Corefile.
  if (origin !== 'loopback') return null;
  if (!forward.usesPodResolvConf) {
    const targets = forward.targets.length > 0 ? forward.targets.join(', ') : 'no server that it names';
    const imports = forward.imports.length > 0 ? ` It also imports ${forward.imports.join(', ')}.` : '';
    return `The loop is inside the pod, and the Corefile forwards "." to ${targets}, not to the pod's /etc/resolv.conf.${imports} Find the upstream that leads back to CoreDNS and replace it: ${EDIT_COREFILE}.`;
  }
  if (probedPort !== DNS_PORT) {
    return `CoreDNS listens on port ${probedPort ?? '(unknown)'} here, but the nameservers in a resolv.conf are asked on port ${DNS_PORT}, so the kubelet's resolvConf alone cannot cause this loop. Look for another server block, or another container in the pod, that forwards to that port.`;
  }
  return null;
}
