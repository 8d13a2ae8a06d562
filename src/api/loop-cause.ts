/** The causes of a loop. The rules are in `diagnosis/causes/`; the CRD lists the names. */
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
  /** A CoreDNS before 1.2.6 mistook three timeouts for a loop. */
  'FalseLoop',
  /** A loop of unknown origin. */
  'UnknownLoop',
] as const;
export type LoopCause = (typeof LOOP_CAUSES)[number];
