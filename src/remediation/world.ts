/** What the decision may know about the cluster: small readonly views, parsed at the border by `observe/`. */
import type { QuarantineRecord } from '../api/quarantine-record.ts';
import type { RemediationSpec, RemediationStatus } from '../api/remediation.ts';

/** A DNSRemediation as the decision sees it. Times in this module are epoch milliseconds. */
export interface Remediation {
  readonly name: string;
  readonly uid: string;
  readonly createdAt: number;
  readonly acknowledged: boolean;
  readonly spec: RemediationSpec;
  readonly status: RemediationStatus;
}

/** The policy as it is now; only its mode matters once the claim holds a copy of the rest. */
export interface PolicyView {
  readonly mode: 'Repair' | 'Observe';
}

export interface NodeView {
  readonly name: string;
  readonly uid: string;
  readonly ready: boolean;
  readonly excluded: boolean;
  readonly quarantine: QuarantineRecord | null;
  /** Its quarantine annotation is there but was not written by us. */
  readonly hasUnreadableRecord: boolean;
  /** Set where the platform rewrites its nodes itself, with what to do instead. */
  readonly managedPlatform: { readonly platform: string; readonly advice: string } | null;
  /** Those that lead to it from elsewhere. */
  readonly addresses: readonly string[];
  readonly kubeletVersion: string;
}

/** One run of the agent on a node: of the repair Job's pod, or of the proof pod. */
export interface AgentRun {
  readonly uid: string;
  readonly createdAt: number;
  /**
   * - `starting`: no container of it has ever run
   * - `running`: a container runs, or ran and its end is not known yet
   * - `ended`: it terminated; `message` is its termination message
   */
  readonly state: 'starting' | 'running' | 'ended';
  readonly deleting: boolean;
  /** Why it does not start, in the kubelet's or the Job controller's words. */
  readonly blockedBy: string | null;
  readonly message: string | null;
}

export interface DnsPodView {
  readonly name: string;
  readonly uid: string;
  readonly node: string;
  readonly ip: string | null;
  readonly createdAt: number;
  /** When the kubelet first saw the pod: its sandbox is not older. */
  readonly startedAt: number | null;
  readonly deleting: boolean;
  readonly ready: boolean;
  /** Since when its container runs; null while it does not. */
  readonly runningSince: number | null;
  readonly containerID: string | null;
  readonly restartCount: number;
}

export interface World {
  /** null: no node of that name, or another one under the same name. */
  readonly node: NodeView | null;
  readonly repairJob: AgentRun | null;
  readonly proofPod: AgentRun | null;
  /** All DNS pods that the policy's workload owns, on every node. */
  readonly dnsPods: readonly DnsPodView[];
  /** All remediations, this one included. */
  readonly remediations: readonly Remediation[];
}

/** What each decision is made from; `now` in epoch milliseconds. */
export interface Situation {
  readonly policy: PolicyView | null;
  readonly remediation: Remediation;
  readonly world: World;
  readonly now: number;
}
