/** What a diagnosis is made from and what it says. The border parses pods and ConfigMaps into these small types. */
import type { LoopLine } from './loop-line.ts';

/** One container death of one DNS pod, with what can be known about the pod from the API. Times are epoch milliseconds. */
export interface Evidence {
  readonly death: Death;
  readonly log: string;
  /** Undefined where the ConfigMap could not be found or read. */
  readonly corefile?: string;
  readonly pod: {
    readonly ips: readonly string[];
    readonly hostNetwork: boolean;
    readonly dnsPolicy: string;
    readonly dnsConfigNameservers: readonly string[];
  };
  /** Addresses of the cluster's DNS Service. */
  readonly clusterDNS: readonly string[];
}

export interface Death {
  readonly exitCode: number;
  readonly reason: string;
  readonly startedAt: number;
  readonly finishedAt: number;
}

export type LoopCause =
  /** The kubelet gives pods a resolv.conf that leads back to themselves. The only cause repaired here. */
  | 'KubeletResolvConf'
  /** The Corefile names the pod itself or the cluster's DNS as upstream. */
  | 'CorefileForwardsToItself'
  /** The pod's own dnsPolicy or dnsConfig decides what it asks, not the kubelet. */
  | 'PodDnsConfig'
  /** CoreDNS on the host's network asks the host it runs on. */
  | 'HostNetworkLoop'
  /** The query came back from another machine. */
  | 'UpstreamLoop'
  /** The query came back from an address of the pod. */
  | 'SelfAddressLoop'
  /** Another zone than "." loops: a stub domain's server block. */
  | 'StubDomainLoop'
  /** A CoreDNS before 1.2.6 that took three time-outs for a loop. */
  | 'FalseLoop'
  /** A loop, but not enough is known to say where it closes. */
  | 'UnknownLoop';

export type CrashCause =
  | 'OutOfMemory'
  | 'StartFailed'
  | 'CorefileError'
  | 'NoUpstream'
  | 'BindFailed'
  | 'ApiUnreachable'
  | 'LogFileError'
  | 'Panic'
  | 'LateLoop'
  | 'LivenessKill'
  | 'GracefulStop'
  | 'UpstreamTimeout'
  | 'UpstreamRefused'
  /** The node restarted under the container; CoreDNS did not end by itself. */
  | 'NodeRestarted'
  | 'UnknownCrash';

export type Remedy =
  /** The agent may change the kubelet's resolvConf, if what it finds on the node agrees. */
  | { readonly kind: 'repair' }
  | { readonly kind: 'advice'; readonly advice: string }
  /** Nothing has to be done. */
  | { readonly kind: 'none' };

export interface LoopDiagnosis {
  readonly kind: 'loop';
  readonly cause: LoopCause;
  readonly sighting: LoopLine;
  readonly remedy: Remedy;
}

export interface CrashDiagnosis {
  readonly kind: 'crash';
  readonly cause: CrashCause;
  readonly message: string;
  readonly remedy: Remedy;
}

export type Diagnosis = LoopDiagnosis | CrashDiagnosis;
