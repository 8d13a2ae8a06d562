/** The result of an examination: what is wrong, what it is not, and what would have to be known to be certain. */
import type { LoopCause, NodeCause } from '../api/loop-cause.ts';
import type { CrashCause } from './evidence.ts';

export type Cause = LoopCause | NodeCause | CrashCause;

export interface Examination {
  /** Best first. Empty: nothing is wrong. Two causes at once are two findings. */
  readonly findings: readonly Finding[];
  readonly ruledOut: readonly RuledOut[];
  /** What was not known, and would confirm a finding or decide between causes. */
  readonly missing: readonly Missing[];
}

export interface Finding {
  readonly cause: Cause;
  /** high: every condition was seen to hold. medium: one was not seen. low: another cause looks the same. */
  readonly confidence: 'high' | 'medium' | 'low';
  /** One sentence: what is wrong, on which node or object. */
  readonly summary: string;
  readonly evidence: readonly EvidenceLine[];
  readonly repair: Repair;
  /** What to change, in sentences. */
  readonly remedy: string;
  readonly commands: Commands;
}

export interface EvidenceLine {
  /** Where it was seen: a file with line, an object, a log. */
  readonly source: string;
  readonly text: string;
}

export type Repair =
  /** The operator repairs this; `condition` is a field of the policy or another thing that must hold. */
  { readonly by: 'operator'; readonly condition?: string } | { readonly by: 'person' };

/** Lines for a shell. Those that must be run on the node begin with a comment that says so. */
export interface Commands {
  readonly fix: readonly string[];
  readonly check: readonly string[];
}

export interface RuledOut {
  readonly cause: Cause;
  readonly why: string;
}

export interface Missing {
  readonly what: string;
  readonly why: string;
  readonly command: string;
}
