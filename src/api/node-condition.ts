/** The condition `dnshealth.io/ResolverConfigured` of a node. Its reasons are API: `docs/node-condition.md` lists them. */
import { GROUP } from './keys.ts';

export const NODE_CONDITION = `${GROUP}/ResolverConfigured`;

/** False only when the operator's own work on the node is over, so that others may act on it. */
export const NODE_CONDITION_REASONS = {
  /** The last check found that a new pod is given a resolv.conf with which DNS works. */
  Proven: 'True',
  /** Never checked, or something changed since. */
  NotChecked: 'Unknown',
  /** Checks keep failing for another reason than a looping file. */
  CheckFailed: 'Unknown',
  /** It was found wrong and is repaired, or waits for its turn. */
  Repairing: 'Unknown',
  /** It was found wrong, and the plan of its repair waits for a person's approval. */
  AwaitingApproval: 'Unknown',
  /** It was found wrong, and no policy repairs it. */
  Drifted: 'False',
  RepairRefused: 'False',
  RepairFailed: 'False',
  RolledBack: 'False',
} as const;
export type NodeConditionReason = keyof typeof NODE_CONDITION_REASONS;

export interface NodeCondition {
  readonly reason: NodeConditionReason;
  /** Human-readable, with the class of the resolv.conf and its nameservers where they are known. */
  readonly message: string;
}

export const statusOf = (reason: NodeConditionReason): 'True' | 'False' | 'Unknown' =>
  NODE_CONDITION_REASONS[reason];
