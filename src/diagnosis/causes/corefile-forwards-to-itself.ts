/** Cause: the Corefile itself closes the loop, on every node alike. Changing a kubelet would not open it. */
import type { CauseRule, LoopFacts } from '../loop-facts.ts';

/** What a `nameserver` line can reach: it has no port. */
const DNS_PORT = 53;

export const corefileForwardsToItself: CauseRule = (facts) => {
  const advice = adviceFor(facts);
  return advice === null ? null : { cause: 'CorefileForwardsToItself', remedy: { kind: 'advice', advice } };
};

function adviceFor({ origin, corefile, probedPort }: LoopFacts): string | null {
  if (origin === 'unnamed' || origin === 'elsewhere' || corefile.kind === 'unreadable') return null;
  if (corefile.kind === 'no-root') {
    return 'A loop was reported for ".", but no server block of the Corefile serves ".". Compare the ConfigMap kube-system/coredns with what the pod has mounted, and restart CoreDNS if the ConfigMap is newer.';
  }
  const { forward } = corefile;
  if (forward.selfTargets.length > 0) {
    return `The Corefile forwards "." to ${forward.selfTargets.join(', ')}, which is CoreDNS itself. Edit the ConfigMap kube-system/coredns: name your upstream resolvers there, or /etc/resolv.conf.`;
  }
  // From here on only a loop inside the pod is the Corefile's for certain.
  if (origin !== 'loopback') return null;
  if (!forward.usesPodResolvConf) {
    const targets = forward.targets.length > 0 ? forward.targets.join(', ') : 'no server named in it';
    const imports = forward.imports.length > 0 ? ` It also imports ${forward.imports.join(', ')}.` : '';
    return `The loop closes inside the pod, and the Corefile forwards "." to ${targets}, not to the pod's /etc/resolv.conf.${imports} Find the upstream that leads back to CoreDNS and replace it in the ConfigMap kube-system/coredns.`;
  }
  if (probedPort !== DNS_PORT) {
    return `CoreDNS listens on port ${probedPort ?? '?'} here, but the servers of a resolv.conf are asked on port ${DNS_PORT}: the kubelet's resolvConf alone cannot close this loop. Look for another server block or a container in the pod that forwards to that port.`;
  }
  return null;
}
