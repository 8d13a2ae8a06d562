/** Whether an incident that waits need not be read: what the caches tell is enough, and its turn or the time is an event. */

import { breakerClosed } from './guards/breaker-closed.ts';
import { canaryWatched } from './guards/canary-watched.ts';
import { controlPlaneIsFree } from './guards/control-plane-free.ts';
import { cooledDown } from './guards/cooled-down.ts';
import { hasSlot } from './guards/has-slot.ts';
import { hourBudget } from './guards/hour-budget.ts';
import { nodeBudget } from './guards/node-budget.ts';
import { notPaused } from './guards/not-paused.ts';
import { windowOpen } from './guards/window-open.ts';
import type { Verdict } from './verdict.ts';
import { CONTROL_PLANE_BUSY, NO_SLOT } from './waits.ts';
import type { PolicyView, Remediation, World } from './world.ts';

/** What the caches show. */
export interface Known extends Pick<World, 'remediations' | 'slots' | 'pauseOfAll'> {
  /** null if it is gone. */
  readonly policy: PolicyView | null;
  /** The pod that showed it is there, and nothing shows that it recovered. */
  readonly isStillSick: boolean;
  /** A DNS pod is Ready, whatever it answers: nothing is urgent by that. */
  readonly dnsMayServe: boolean;
  readonly now: number;
}

interface Situation {
  readonly policy: PolicyView;
  readonly remediation: Remediation;
  readonly world: Pick<World, 'remediations' | 'slots' | 'pauseOfAll' | 'dnsPods'>;
  readonly now: number;
}

/** Of the guards, those that the caches can answer, in the order of `safety.ts`. */
const GUARDS: readonly ((situation: Situation) => Verdict)[] = [
  notPaused,
  nodeBudget,
  cooledDown,
  breakerClosed,
  canaryWatched,
  windowOpen,
  hourBudget,
  controlPlaneIsFree,
  hasSlot,
];

/** It waits for what its record says, nothing that could end it is seen, and its record would say the same. */
export function stillWaits(remediation: Remediation, known: Known): boolean {
  const { status } = remediation;
  const { policy, isStillSick, dnsMayServe, now } = known;
  if (status.phase !== 'Pending' || policy?.mode !== 'Repair' || !isStillSick) return false;
  const { maintenance } = policy;
  if (maintenance.urgent === 'Proceed' && !dnsMayServe) return false;
  const situation = {
    policy: { ...policy, maintenance: { ...maintenance, urgent: 'Wait' as const } },
    remediation,
    world: { ...known, dnsPods: [] },
    now,
  };
  for (const guard of GUARDS) {
    const verdict = guard(situation);
    if (verdict.kind === 'pass') continue;
    return (
      verdict.kind === 'wait' &&
      verdict.reason === status.reason &&
      // Whom it waits for changes all the time: that is written when it is read, once a minute.
      (verdict.message === status.message || [NO_SLOT, CONTROL_PLANE_BUSY].includes(verdict.reason))
    );
  }
  return false;
}
