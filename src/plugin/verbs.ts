/** The verbs of the plugin, in the order in which help lists them: the table of contents of this folder. */
import { VERB as acknowledge } from './acknowledge/verb.ts';
import { VERB as approve } from './approve/verb.ts';
import { VERB as check } from './check/verb.ts';
import { VERB as classify } from './classify/verb.ts';
import { VERB as cleanup } from './cleanup/verb.ts';
import { VERB as completion } from './completion/verb.ts';
import { VERB as diagnose } from './diagnose/verb.ts';
import { VERB as history } from './history/verb.ts';
import { VERB as pause } from './pause/verb.ts';
import { VERB as plan } from './plan/verb.ts';
import { VERB as reject } from './reject/verb.ts';
import { VERB as report } from './report/verb.ts';
import { VERB as resume } from './resume/verb.ts';
import { VERB as rollback } from './rollback/verb.ts';
import { VERB as status } from './status/verb.ts';
import type { Verb } from './verb.ts';

export const VERBS: readonly Verb[] = [
  // Offline or in a cluster, with and without the operator.
  diagnose,
  classify,
  check,
  // What the operator sees and did.
  status,
  history,
  report,
  // What a person asks of the operator, or answers it.
  plan,
  approve,
  reject,
  acknowledge,
  pause,
  resume,
  rollback,
  // Without the operator.
  cleanup,
  // Of the program itself.
  completion,
];
