/** The order of an incident: the table of contents of this project. */
import { admit } from './stages/admit.ts';
import { admitFile } from './stages/admit-file.ts';
import { correctIsAllowed, recreateIsAllowed } from './stages/allowed-remedy.ts';
import { correctFile } from './stages/correct-file.ts';
import { exclude, include } from './stages/exclude.ts';
import { fileCorrected } from './stages/file-corrected.ts';
import { guardKept, guardTripped, onceGuarded } from './stages/guard.ts';
import { onceInvestigated } from './stages/investigate.ts';
import { lastLook } from './stages/last-look.ts';
import { nodeGone } from './stages/node-gone.ts';
import { notice } from './stages/notice.ts';
import { planFirst, planOnRequest } from './stages/plan-first.ts';
import { promote } from './stages/promote.ts';
import { prove } from './stages/prove.ts';
import { quarantine } from './stages/quarantine.ts';
import { recreate } from './stages/recreate.ts';
import { release } from './stages/release.ts';
import { releaseHeld } from './stages/release-held.ts';
import { repair } from './stages/repair.ts';
import { retry } from './stages/retry.ts';
import { rollBack, rollBackFile } from './stages/roll-back.ts';
import { rolledBack } from './stages/rolled-back.ts';
import { survey } from './stages/survey.ts';
import { tidy } from './stages/tidy.ts';
import { timeLimit } from './stages/time-limit.ts';
import { verify } from './stages/verify.ts';

/** From the claim to the proof. The first stage that does not pass decides. */
export const HEALING = [
  retry,
  promote,
  correctIsAllowed,
  planFirst,
  onceInvestigated(admit),
  quarantine,
  notice,
  timeLimit,
  lastLook,
  repair,
  guardTripped,
  nodeGone,
  recreateIsAllowed,
  onceGuarded(prove),
  release,
  recreate,
  onceGuarded(verify),
  survey,
  guardKept,
] as const;

/** Of a file that the running kubelet has not read yet: no quarantine, no restart, and so nothing to prove or to guard. */
export const CORRECTING = [
  retry,
  correctIsAllowed,
  planFirst,
  onceInvestigated(admitFile),
  correctFile,
  nodeGone,
  fileCorrected,
] as const;

/** A person asked what a repair would do: it is planned, and ends. */
export const PLANNING = [planOnRequest] as const;

/** The way back, as a person asked: the DNS pods are left alone, because the file that they were given is still right. */
export const ROLLING_BACK = [
  admit,
  exclude,
  quarantine,
  notice,
  timeLimit,
  lastLook,
  rollBack,
  guardTripped,
  nodeGone,
  release,
  guardKept,
  rolledBack,
] as const;

/** The same for a file that was corrected alone. */
export const ROLLING_BACK_FILE = [admitFile, exclude, rollBackFile, nodeGone, rolledBack] as const;

/** After the outcome is recorded: what is still there is cleaned up. */
export const CLOSING = [notice, releaseHeld, include, tidy] as const;
