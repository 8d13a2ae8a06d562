/** Cause: the API server cannot be reached from the pod. */
import { type CrashRule, startsLike } from './crash-rule.ts';

export const apiUnreachable: CrashRule = {
  cause: 'ApiUnreachable',
  shows: startsLike(
    /^plugin\/kubernetes: (?:.*(?:dial tcp|connect: |i\/o timeout|TLS handshake|context deadline|x509: )|unable to load in-cluster configuration|open \/var\/run\/secrets)/,
  ),
  advice,
};

/** The same while CoreDNS runs, which it may end without another line. */
export const apiWait: CrashRule = {
  cause: 'ApiUnreachable',
  shows: startsLike(
    /^\[(?:WARNING|INFO)\] plugin\/kubernetes: (?:starting server with unsynced Kubernetes API|Kubernetes API connection failure)/,
    /^(?:\[(?:ERROR|INFO|WARNING)\] plugin\/kubernetes: |[EW]\d{4} \S+ +\d+ reflector\.go:\d+\] ).*(?:Failed to (?:list|watch)|failed to list).*dial tcp .*: (?:connect: |i\/o timeout)/,
  ),
  advice,
};

function advice({ line = '' }: { readonly line: string | undefined }): string {
  const check =
    'CoreDNS could not reach the API server through its Service address. Check kube-proxy and the network plugin on this node, and the ServiceAccount of CoreDNS.';
  if (line.includes('no route to host'))
    return `${check} \`no route to host\` most often comes from a firewall on this node or on the control plane, for example firewalld, that rejects the packets.`;
  if (line.includes('network is unreachable'))
    return `${check} \`network is unreachable\` means that the pod has no route to that address: look at the network plugin first, and whether the pod has an address of that IP family.`;
  return check;
}
