/** May a repair begin now? The guards, in the order of safety; the reason of each becomes a condition, an event and a metric label. */
import { isOfFileAlone } from './facts.ts';
import { breakerClosed } from './guards/breaker-closed.ts';
import { canaryWatched } from './guards/canary-watched.ts';
import { controlPlaneIsFree } from './guards/control-plane-free.ts';
import { cooledDown } from './guards/cooled-down.ts';
import { dnsSurvives } from './guards/dns-survives.ts';
import type { Guard } from './guards/guard.ts';
import { hasSlot } from './guards/has-slot.ts';
import { hourBudget } from './guards/hour-budget.ts';
import { inScope } from './guards/in-scope.ts';
import { nodeBudget } from './guards/node-budget.ts';
import { nodeExists } from './guards/node-exists.ts';
import { nodeIsFree } from './guards/node-free.ts';
import { nodeIsNotExcluded } from './guards/node-not-excluded.ts';
import { nodeIsReady } from './guards/node-ready.ts';
import { notPaused } from './guards/not-paused.ts';
import { notTooOften } from './guards/not-too-often.ts';
import { platformIsMutable } from './guards/platform-mutable.ts';
import { podHasANode } from './guards/pod-has-a-node.ts';
import { policyAllows } from './guards/policy-allows.ts';
import { rollbackIsPossible } from './guards/rollback-possible.ts';
import { stillSick } from './guards/still-sick.ts';
import { windowOpen } from './guards/window-open.ts';
import { pass, type Verdict } from './verdict.ts';
import type { Remediation, Situation } from './world.ts';

/** The first that does not pass decides. */
const GUARDS: readonly Guard[] = [
  policyAllows,
  nodeExists,
  nodeIsNotExcluded,
  inScope,
  platformIsMutable,
  stillSick,
  notPaused,
  notTooOften,
  nodeBudget,
  cooledDown,
  breakerClosed,
  canaryWatched,
  windowOpen,
  hourBudget,
  nodeIsFree,
  nodeIsReady,
  podHasANode,
  dnsSurvives,
  controlPlaneIsFree,
  // Last: what waits for another reason must not take a place from one that could begin.
  hasSlot,
];

/** Not of a file alone: no DNS pod and no kubelet is touched, whatever kind of node it is on. */
const OF_THE_KUBELET: ReadonlySet<Guard> = new Set([podHasANode, dnsSurvives, controlPlaneIsFree]);

/** A person asked for it: no limit of repairs counts, but a pause holds it, and DNS and the control plane must live through it as well. */
const GUARDS_OF_A_ROLLBACK: readonly Guard[] = [
  rollbackIsPossible,
  notPaused,
  nodeIsFree,
  nodeIsReady,
  dnsSurvives,
  controlPlaneIsFree,
  hasSlot,
];

/** Why a repair may not begin, or `pass`. */
export function mayBegin(situation: Situation): Verdict {
  for (const guard of guardsOf(situation.remediation)) {
    const verdict = guard(situation);
    if (verdict.kind !== 'pass') return verdict;
  }
  return pass;
}

function guardsOf(remediation: Remediation): readonly Guard[] {
  const all = remediation.spec.trigger === 'Rollback' ? GUARDS_OF_A_ROLLBACK : GUARDS;
  return isOfFileAlone(remediation) ? all.filter((guard) => !OF_THE_KUBELET.has(guard)) : all;
}
