/** What the decision may know about the cluster: small readonly views, which `observe/` fills from API objects. */
import type { NodeSystem } from '../api/evidence.ts';
import type { NodeCheckRecord } from '../api/node-check-record.ts';
import type { PolicySpec } from '../api/policy.ts';
import type { QuarantineRecord } from '../api/quarantine-record.ts';
import type { RemediationSpec, RemediationStatus } from '../api/remediation.ts';
import type { Labels } from './scope/node-selector.ts';

/** What people have said about its plan. An approval without a name is none. */
export interface Answers {
  readonly approved: { readonly hash: string; readonly by: string } | null;
  readonly rejected: { readonly reason: string; readonly by: string } | null;
}

/** A DNSRemediation as the decision sees it. Times in this module are epoch milliseconds. */
export interface Remediation {
  readonly name: string;
  readonly uid: string;
  readonly createdAt: number;
  readonly acknowledged: boolean;
  readonly answers: Answers;
  /** A person asks to take its change back; null if nobody does. */
  readonly rollbackAsked: { readonly reason: string; readonly by: string } | null;
  readonly spec: RemediationSpec;
  readonly status: RemediationStatus;
  /** Why this version cannot read it; the status then only stands in for the stored one. null: it was read. */
  readonly unreadable: string | null;
}

/**
 * The policy as it is now: what keeps a repair from beginning is read from it, so that a pause or a lower limit counts at
 * once. What a repair does is read from the copy in the incident.
 */
export type PolicyView = Pick<
  PolicySpec,
  'mode' | 'approval' | 'pause' | 'nodeSelector' | 'limits' | 'canary' | 'breaker' | 'maintenance'
>;

export interface NodeView {
  readonly name: string;
  readonly uid: string;
  readonly ready: boolean;
  /** Cordoned, by this quarantine or by someone else. */
  readonly unschedulable: boolean;
  readonly labels: Labels;
  readonly excluded: boolean;
  /** The text of its annotation `dnshealth.io/exclude-reason`. */
  readonly excludedBecause: string | null;
  /** It has the taint of our quarantine. */
  readonly tainted: boolean;
  readonly controlPlane: boolean;
  readonly quarantine: QuarantineRecord | null;
  /** What its checks have shown; null if it was never checked, or if that cannot be read. */
  readonly checks: NodeCheckRecord | null;
  /** Its quarantine annotation exists but cannot be parsed, so another program wrote it. */
  readonly hasUnreadableRecord: boolean;
  /** Set if the platform manages its nodes' files itself, with what to do instead. */
  readonly managedPlatform: { readonly platform: string; readonly advice: string } | null;
  /** The tool or service that created the node, where it is known. */
  readonly owner: string | null;
  /** Internal and external IP addresses. */
  readonly addresses: readonly string[];
  readonly system: NodeSystem;
}

/** One run of the agent on a node: of the repair Job's pod, or of the proof pod. */
export interface AgentRun {
  readonly uid: string;
  readonly createdAt: number;
  /**
   * - `starting`: no container of it has ever run
   * - `running`: a container runs, or it ran and its end is not known yet
   * - `ended`: it terminated; `message` is its termination message
   */
  readonly state: 'starting' | 'running' | 'ended';
  readonly deleting: boolean;
  /** Why it does not start, as the kubelet or the Job controller reports it. */
  readonly blockedBy: string | null;
  readonly message: string | null;
  /** The guard beside it in the pod of a repair Job; null where the pod has none, or is not known. */
  readonly guard: GuardRun | null;
}

/** The container that guards a repair. It keeps running after the agent has ended. */
export interface GuardRun {
  readonly state: 'starting' | 'running' | 'ended';
  /** Its termination message once it has ended, empty if it left none. */
  readonly message: string | null;
}

export interface DnsPodView {
  readonly name: string;
  readonly uid: string;
  /** Kind and name of the workload that owns it, for example `Deployment/coredns`. */
  readonly workload: string;
  /** A node-local cache: it serves the pods of its node only, and cannot be asked from elsewhere. */
  readonly isNodeLocal: boolean;
  readonly node: string;
  readonly ip: string | null;
  readonly createdAt: number;
  /** When the kubelet first saw the pod: its sandbox is not older. */
  readonly startedAt: number | null;
  readonly deleting: boolean;
  readonly ready: boolean;
  /** Since when its container has been running, by the clock of the node; null while it is not. */
  readonly runningSince: number | null;
  /** The same by the operator's clock, for its age: the clock of the node may be off. */
  readonly upSince: number | null;
  readonly containerID: string | null;
  readonly restartCount: number;
  /**
   * What asking it has shown. false: it fails where its siblings do not, or it forwards queries to itself. null: it was not
   * asked, or what it lacks may be missing everywhere.
   */
  readonly answers: boolean | null;
}

/** The switch for all policies. */
export interface PauseOfAll {
  readonly reason: string;
  readonly by: string;
}

export interface World {
  /** null: no node of that name, or another one under the same name. */
  readonly node: NodeView | null;
  /** Name of an older policy that the node belongs to as well, for the DNS workload of this incident; null without one. */
  readonly olderPolicy: string | null;
  readonly repairJob: AgentRun | null;
  /** Of the Job that only reads, before the node is left to an administrator. */
  readonly inspection: AgentRun | null;
  readonly proofPod: AgentRun | null;
  /** Another node can take a new DNS pod. Only looked for before a repair of a cordoned node begins, otherwise true. */
  readonly otherNodeTakesPods: boolean;
  /** Last start of the node's kubelet that is known, by the API server's clock; null if none is. */
  readonly kubeletStartedAt: number | null;
  /** Image of the agent, which a plan names. */
  readonly agentImage: string;
  /** All DNS pods that the workloads of the policy own, on every node. */
  readonly dnsPods: readonly DnsPodView[];
  /** All remediations, this one included. */
  readonly remediations: readonly Remediation[];
  /** How many nodes each policy lets be under repair at the same time, as it is now, by the uid under which incidents were claimed. */
  readonly slots: Readonly<Record<string, number>>;
  /** Why nothing begins under any policy: an annotation of the operator's namespace says so. */
  readonly pauseOfAll: PauseOfAll | null;
}

/** What each decision is based on; `now` in epoch milliseconds. */
export interface Situation {
  readonly policy: PolicyView | null;
  readonly remediation: Remediation;
  readonly world: World;
  readonly now: number;
  /**
   * Since when this operator has read this incident without a gap. Timeouts do not count the time before: with the
   * operator or the API server away, nobody could see what happened in it.
   */
  readonly observedSince: number;
  /** SHA-256 in hexadecimal. */
  readonly digest: (text: string) => string;
}
