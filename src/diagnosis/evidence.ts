/** Input and output of a diagnosis. `observe/` parses pods and ConfigMaps into these small types. */
import type { LoopCause } from '../api/loop-cause.ts';
import type { LoopLine } from './loop-line.ts';

/** One crash of one DNS pod, with what the API knows about the pod. Times are epoch milliseconds. */
export interface Evidence {
  readonly death: Death;
  readonly log: string;
  /** Undefined if the ConfigMap could not be found or read. */
  readonly corefile?: string;
  /** The name of the ConfigMap that it is from. */
  readonly configMap?: string;
  /** ConfigMaps of the pod that the operator may not read; the Corefile may be in one of them. */
  readonly unreadConfigMaps?: readonly string[];
  /** Kind and name of the workload, as kubectl takes them. */
  readonly workload?: string;
  readonly pod: {
    readonly ips: readonly string[];
    readonly hostNetwork: boolean;
    readonly dnsPolicy: string;
    readonly dnsConfigNameservers: readonly string[];
  };
  /** Addresses of the cluster DNS Service. */
  readonly clusterDNS: readonly string[];
}

export interface Death {
  readonly exitCode: number;
  readonly reason: string;
  readonly startedAt: number;
  readonly finishedAt: number;
  /** What the runtime said about a container that it could not start. */
  readonly message?: string;
}

export type CrashCause =
  | 'WrongArchitecture'
  | 'NotPermitted'
  | 'OutOfMemory'
  | 'ResourceLimit'
  | 'Overload'
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
  | 'NetworkUnreachable'
  | 'NoRouteToHost'
  | 'UpstreamTimeout'
  | 'UpstreamRefused'
  /** The node restarted under the container; CoreDNS did not end by itself. */
  | 'NodeRestarted'
  /** The log cannot be read, and the exit code alone says too little. */
  | 'NoLog'
  | 'UnknownCrash';

export type Remedy =
  /** The agent may change the kubelet's resolvConf, if it confirms the cause on the node. */
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
