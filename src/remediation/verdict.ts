/** What a stage may answer, and the effects that a plan may ask for. Closed unions: a new case breaks every switch. */
import type {
  Approved,
  CheckReport,
  GuardReport,
  InspectReport,
  KubeletDirectory,
  RepairReport,
  RollbackReport,
} from '../api/agent-protocol.ts';
import type { Answer } from '../api/answer.ts';
import type { InterferenceKind } from '../api/interference.ts';
import type { OtherPods } from '../api/other-pods.ts';
import type { Plan } from '../api/plan.ts';
import type { QuarantineRecord } from '../api/quarantine-record.ts';
import type { Outcome, TakenBackBecause } from '../api/remediation.ts';
import type { Explanation } from '../api/rewritten.ts';
import type { DnsPodView } from './world.ts';

/** One write to the cluster, or one question to a DNS pod or the API server. Each is idempotent. */
export type Effect =
  | { readonly kind: 'quarantine' }
  | { readonly kind: 'probe'; readonly pod: ProbedPod }
  /** `approved`: what a person has approved; the agent refuses anything else. */
  | { readonly kind: 'start-repair'; readonly approved?: Approved }
  /** A read: which other pods were started on the node before the repair (`until`). Without `since`, however old they are. */
  | { readonly kind: 'survey'; readonly since?: string; readonly until: string }
  | PlainEffect;

/** An effect that returns nothing. */
export type PlainEffect =
  | TakeBackRepair
  /** `forPlan`: what it shows becomes the plan, not only evidence. */
  | { readonly kind: 'start-inspection'; readonly forPlan?: true }
  /** Its report was read, or makes room for another one. */
  | { readonly kind: 'remove-inspection' }
  | { readonly kind: 'start-proof' }
  /** The Job that takes an earlier repair back. */
  | { readonly kind: 'start-rollback' }
  /** Sets the label that keeps repairs off the node, with why. */
  | { readonly kind: 'exclude' }
  /** Takes that label away again, if it is ours. */
  | { readonly kind: 'include' }
  | { readonly kind: 'release' }
  /** Gives node and slot back before anything was changed on the node; the incident waits for its turn again. */
  | { readonly kind: 'stand-back'; readonly reason: string; readonly message: string }
  | { readonly kind: 'recreate'; readonly pods: readonly { readonly name: string; readonly uid: string }[] }
  | { readonly kind: 'remove-proof-pod' };

/**
 * Deletes the repair Job. `Silent` and `Elsewhere` make room for another one, `Elsewhere` for one that may write in
 * `directory`; after `NeverStarted` and `Retry` there is none in this attempt, and after `LastServingPod` not before the
 * incident is admitted again.
 */
export interface TakeBackRepair {
  readonly kind: 'take-back-repair';
  readonly because: TakenBackBecause;
  readonly why: string;
  /** The Job's. */
  readonly uid: string;
  readonly directory?: KubeletDirectory;
}

/** A DNS pod that can be asked: it has an address and a container. */
export type ProbedPod = DnsPodView & { readonly ip: string; readonly containerID: string };

/** What an effect returned, for the status to record. */
export type EffectResult =
  | { readonly kind: 'quarantined'; readonly record: QuarantineRecord }
  | { readonly kind: 'probed'; readonly pod: ProbedPod; readonly answers: readonly Answer[] }
  /** `before`: what a DNS pod answered before the change; null if none served. */
  | {
      readonly kind: 'repair-started';
      readonly before: { readonly pod: ProbedPod; readonly answers: readonly Answer[] } | null;
    }
  | { readonly kind: 'surveyed'; readonly otherPods: OtherPods }
  | { readonly kind: 'done'; readonly effect: PlainEffect };

/** Something that was learned and has to be recorded before any effect is based on it. */
export type Finding =
  /** It may begin. Recorded before anything is done, so that no other incident takes the same slot. */
  | { readonly kind: 'admitted' }
  /** A DNS pod of a node that was found wrong fails while its incident waits. */
  | { readonly kind: 'pod-fails'; readonly pod: { readonly name: string; readonly uid: string } }
  /** Nothing is repaired any more; the inspection has shown what it could, or why it could show nothing. */
  | {
      readonly kind: 'inspected';
      readonly report: InspectReport;
      readonly rewrittenBy: readonly Explanation[];
    }
  | { readonly kind: 'not-inspected'; readonly why: string }
  /** What a repair would do. It waits for its approval if it expires. */
  | {
      readonly kind: 'planned';
      readonly plan: Plan;
      readonly report: InspectReport;
      readonly rewrittenBy: readonly Explanation[];
    }
  | { readonly kind: 'approved'; readonly hash: string; readonly by: string }
  /** Whoever approved the plan took that back before the repair began. */
  | { readonly kind: 'approval-withdrawn' }
  /** `rewrittenBy`: what may have brought the wrong value back, if it had been right before. */
  | {
      readonly kind: 'repair-reported';
      readonly report: RepairReport;
      readonly rewrittenBy?: readonly Explanation[];
    }
  | { readonly kind: 'rollback-reported'; readonly report: RollbackReport }
  /** Someone changed the scheduling of the node during its quarantine. */
  | { readonly kind: 'interfered'; readonly what: InterferenceKind; readonly message: string }
  | { readonly kind: 'guard-reported'; readonly report: GuardReport }
  | { readonly kind: 'proof-reported'; readonly report: CheckReport }
  /** Verification begins with a wait for a pod, not with a write: its timeout counts from this record. */
  | { readonly kind: 'verification-began' }
  /** Verification is complete; the guard may not be done yet. */
  | { readonly kind: 'verified'; readonly message: string }
  /** An attempt ended in a way that passes by itself; the next one follows after a while. */
  | { readonly kind: 'attempt-ended'; readonly ending: Ending }
  | { readonly kind: 'attempt-begins' };

/** How an incident ends. `hold`: the node stays in quarantine until it is acknowledged, up to the policy's maximum. */
export interface Ending {
  readonly phase: Outcome;
  readonly reason: string;
  readonly message: string;
  readonly advice?: string;
  readonly hold: boolean;
}

export type Verdict =
  /** This stage has nothing left to do. */
  | { readonly kind: 'pass' }
  | { readonly kind: 'act'; readonly effect: Effect }
  | { readonly kind: 'record'; readonly finding: Finding }
  /** Look again after `recheckMs`, or earlier when something changes. */
  | { readonly kind: 'wait'; readonly reason: string; readonly message: string; readonly recheckMs: number }
  | { readonly kind: 'end'; readonly ending: Ending };

export const pass: Verdict = { kind: 'pass' };
export const act = (effect: Effect): Verdict => ({ kind: 'act', effect });
export const record = (finding: Finding): Verdict => ({ kind: 'record', finding });
export const wait = (reason: string, message: string, recheckMs: number): Verdict => ({
  kind: 'wait',
  reason,
  message,
  recheckMs,
});
export const end = (ending: Ending): Verdict => ({ kind: 'end', ending });
