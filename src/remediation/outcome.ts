/** What an effect brought back, for the status to record. */
import type { QuarantineRecord } from '../api/quarantine-record.ts';
import type { Answer } from '../api/remediation.ts';
import type { Effect } from './verdict.ts';

/** The result of each kind of effect; the same keys as `Effect['kind']`. */
export interface EffectResults {
  readonly quarantine: { readonly record: QuarantineRecord };
  readonly 'start-repair': null;
  readonly 'cancel-repair': null;
  readonly 'retry-repair': null;
  readonly 'move-repair': null;
  readonly 'start-proof': null;
  readonly release: null;
  readonly recreate: null;
  readonly probe: { readonly answers: readonly Answer[] };
  readonly 'remove-proof-pod': null;
}

/** An effect together with what it brought back. */
export type Outcome = {
  [K in Effect['kind']]: {
    readonly effect: Extract<Effect, { kind: K }>;
    readonly result: EffectResults[K];
  };
}[Effect['kind']];
