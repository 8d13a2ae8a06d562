/** What a cause is judged by in an examination. One file per cause in `causes/`; their order is in `examine.ts`. */
import type { Cause, Finding, Missing } from '../examination.ts';
import type { ExamFacts } from './exam-facts.ts';

export interface ExamRule {
  readonly cause: Cause;
  readonly judge: (facts: ExamFacts) => Verdict;
}

export type Verdict =
  | {
      readonly kind: 'found';
      readonly finding: Omit<Finding, 'cause'>;
      /** What would make it certain. */
      readonly missing?: readonly Missing[];
    }
  /** Not this cause; `why` is what was seen instead. */
  | { readonly kind: 'ruled-out'; readonly why: string }
  /** Not known: this would have to be seen first. */
  | { readonly kind: 'open'; readonly missing: readonly Missing[] };

export const ruledOut = (why: string): Verdict => ({ kind: 'ruled-out', why });
export const open = (...missing: readonly Missing[]): Verdict => ({ kind: 'open', missing });
