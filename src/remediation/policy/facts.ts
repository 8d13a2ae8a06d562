/** What the status of a policy is computed from. */
import type { NodesStatus } from '../../api/nodes-status.ts';
import type { Workload } from '../../api/policy/scope.ts';
import type { Observation, PolicyStatus, WorkloadFound } from '../../api/policy/status.ts';
import type { Overlap } from '../scope/overlaps.ts';
import type { DnsPodView, PauseOfAll, PolicyView, Remediation } from '../world.ts';

export interface PolicyFacts {
  readonly policy: PolicyView & { readonly generation: number };
  /** The workload that the policy names. */
  readonly workload: Pick<Workload, 'kind' | 'name'>;
  readonly previous: PolicyStatus;
  /** Another, older policy names the same workload. */
  readonly conflictsWith: string | null;
  /** Every workload that owns DNS pods. */
  readonly workloads: readonly WorkloadFound[];
  /** Containers of the watched pods, if none has the name that the policy gives. */
  readonly otherContainers: readonly string[];
  readonly dnsPods: readonly DnsPodView[];
  readonly loopingPods: readonly string[];
  /** Names of the nodes that carry a quarantine of one of its remediations. */
  readonly quarantinedNodes: readonly string[];
  /** Those of this policy, and of no other: also of one that it took the place of. */
  readonly remediations: readonly Remediation[];
  /** The pause of all policies at once; null if there is none. */
  readonly pauseOfAll: PauseOfAll | null;
  readonly observations: readonly Observation[];
  /** What the prober found; null if it is off. */
  readonly asked: AskedFacts | null;
  /** What the checks of nodes found; `unknown` until this operator has counted them, `none`: not under this policy. */
  readonly nodes: NodesStatus | 'unknown' | 'none';
  /** Of the nodes that this policy selects, those that belong to older policies. */
  readonly overlaps: readonly Overlap[];
  readonly now: number;
}

/** What the prober found of the DNS pods of the workload. */
export interface AskedFacts {
  readonly status: 'True' | 'False' | 'Unknown';
  readonly reason: string;
  readonly message: string;
  /** It will be known within seconds. */
  readonly isPending: boolean;
  readonly answering: number;
  readonly notAskable: number;
  /** How many loop without crashing. */
  readonly looping: number;
  readonly service: NonNullable<PolicyStatus['prober']>['service'];
  /**
   * When it was, when the first one of this operator was, and how far apart two rounds of a pod are; null before the first.
   * Times are epoch milliseconds.
   */
  readonly lastRound: { readonly at: number; readonly firstAt: number; readonly intervalMs: number } | null;
}
