/** The causes of a loop: what a crash shows, and what it is once the node's side is known. */

/** What the log of a crash and the Corefile show. The rules are in `diagnosis/causes/`; the CRD lists the names. */
export const LOOP_CAUSES = [
  /** The kubelet gives pods a resolv.conf that leads back to themselves. The only cause that is repaired. */
  'KubeletResolvConf',
  /** The Corefile names the pod itself or the cluster DNS as upstream. */
  'CorefileForwardsToItself',
  /** The pod's dnsPolicy or dnsConfig, not the kubelet, decides which servers it asks. */
  'PodDnsConfig',
  /** CoreDNS runs in the host network and asks the host. */
  'HostNetworkLoop',
  /** The query came back from another machine. */
  'UpstreamLoop',
  /** The query came back from an address of the pod. */
  'SelfAddressLoop',
  /** A zone other than "." loops: the server block of a stub domain. */
  'StubDomainLoop',
  /** A node-local DNS cache forwards to itself. */
  'NodeLocalLoop',
  /** The network plugin or kube-proxy sends a node-local cache its own queries back. */
  'NetworkPluginLoop',
  /** A CoreDNS before 1.2.6 mistook three timeouts for a loop. */
  'FalseLoop',
  /** A loop of unknown origin. */
  'UnknownLoop',
] as const;
export type LoopCause = (typeof LOOP_CAUSES)[number];

/** Known only with files of the node or with answers of the pod. Named by `kubectl dnshealth diagnose`. */
export const NODE_CAUSES = [
  /** resolvConf is the empty string: the kubelet writes 127.0.0.1 itself. */
  'EmptyResolvConf',
  /** A resolver of the node other than systemd-resolved listens on loopback: dnsmasq, unbound, NetworkManager. */
  'LocalResolver',
  /** The kubelet is right; the pod is older than the fix and keeps its old resolv.conf. */
  'StaleSandbox',
  /** The configuration file is right, and a flag of the kubelet overrides it. */
  'FlagOverridesFile',
  /** Loopback addresses beside usable ones: it depends on chance whether the pod starts. */
  'MixedResolvConf',
  /** The resolv.conf that the pod is given lists the address of the cluster DNS. */
  'ClusterDNSInResolvConf',
  /** systemd-resolved is configured to ask the cluster DNS, so that its own file lists it. */
  'ResolvedAsksClusterDNS',
  /** systemd-resolved knows no server, or only loopback addresses: there is no good file on the node. */
  'UplinkWithoutServers',
  /** The kubelet's file has no content, so that the container runtime copies the /etc/resolv.conf of the host. */
  'RuntimeCopiesHostFile',
] as const;
export type NodeCause = (typeof NODE_CAUSES)[number];
