/** Everything that is known of one DNS pod and its node, from a cluster or from saved files. The input of `examine.ts`. */
import type { Death } from './evidence.ts';

/**
 * Every part that may be unknown is optional. What is absent is never guessed: the examination lists it as missing if it
 * would decide between causes. Times are epoch milliseconds.
 */
export interface Case {
  readonly pod?: CasePod;
  /** Of the last death of the container, or else of the running one. */
  readonly log?: string;
  readonly corefile?: SavedText;
  /** Name of the ConfigMap that the Corefile is from, for the commands. */
  readonly configMap?: string;
  /** Addresses of the cluster DNS Service. */
  readonly clusterDNS: readonly string[];
  /** Addresses of a node-local DNS cache, beside the well-known ones. */
  readonly nodeLocalDNS: readonly string[];
  readonly node?: CaseNode;
  /** The resolv.conf that this pod was given when its sandbox was created. */
  readonly sandboxResolvConf?: SavedText;
  /** The resolv.conf that a new pod on the node would be given now. */
  readonly newPodResolvConf?: SavedText;
  /** Files of the node that matter here: resolv.conf files and what systemd-resolved is configured by. */
  readonly hostFiles: readonly SavedText[];
  readonly kubelet?: CaseKubelet;
  /** Questions that were put to this pod. Undefined if it was not asked. */
  readonly answers?: readonly CaseAnswer[];
  /** Healthy pods of the same workload on other nodes. */
  readonly siblings: readonly CaseSibling[];
}

export interface SavedText {
  readonly text: string;
  /** Where it is from: a path on the node, a ConfigMap, or a file that was given. */
  readonly source: string;
}

export interface CasePod {
  readonly name: string;
  readonly namespace: string;
  readonly node?: string;
  readonly workload?: { readonly kind: string; readonly name: string };
  /** The label by which it was found, for example `k8s-app=kube-dns`. */
  readonly label?: string;
  readonly ips: readonly string[];
  readonly hostNetwork: boolean;
  readonly dnsPolicy: string;
  readonly dnsConfigNameservers: readonly string[];
  /** When the sandbox was given its resolv.conf, or earlier. */
  readonly createdAt?: number;
  readonly startedAt?: number;
  readonly ready?: boolean;
  readonly container?: CaseContainer;
}

export interface CaseContainer {
  readonly name: string;
  readonly image?: string;
  /** As in the manifest, for example `170Mi`. */
  readonly memoryLimit?: string;
  readonly restartCount: number;
  readonly state: 'running' | 'waiting' | 'terminated';
  /** Of a waiting container, for example CrashLoopBackOff. */
  readonly waitingReason?: string;
  readonly runningSince?: number;
  readonly death?: Death;
}

export interface CaseNode {
  readonly name: string;
  readonly addresses: readonly string[];
  readonly osImage: string;
  /** For example v1.34.4. */
  readonly kubeletVersion: string;
  readonly bootID?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly ready?: boolean;
  /** When the running kubelet was started. */
  readonly kubeletStartedAt?: number;
}

export interface CaseKubelet {
  /** The `resolvConf` of the running process: from its /configz, or from its command line. Empty means "no file". */
  readonly running?: { readonly value: string; readonly source: string };
  /** Every place that sets `resolvConf`, in rising precedence: file, drop-ins, flag. Empty if it is set nowhere. */
  readonly layers?: readonly KubeletLayer[];
  /** The place that takes effect, where the others are not known: as the agent of the operator found it. */
  readonly place?: KubeletLayer;
  /** What the cluster declares for the configuration file of its kubelets; a node may have another value. */
  readonly declared?: { readonly value: string; readonly source: string };
}

export interface KubeletLayer {
  readonly kind: 'config' | 'drop-in' | 'flag';
  readonly value: string;
  readonly path: string;
  /** Counted from 1. */
  readonly line?: number;
}

export interface CaseAnswer {
  readonly name: string;
  readonly scope: 'Cluster' | 'External';
  readonly protocol: 'UDP' | 'TCP';
  /** The response code, or what went wrong. */
  readonly result: string;
  readonly ok: boolean;
  readonly ms: number;
}

export interface CaseSibling {
  readonly pod: string;
  readonly node: string;
  readonly answers?: readonly CaseAnswer[];
  readonly kubelet?: CaseKubelet;
  readonly sandboxResolvConf?: SavedText;
  readonly newPodResolvConf?: SavedText;
}
