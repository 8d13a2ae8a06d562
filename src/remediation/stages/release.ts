/** Releases the node before its DNS pods are recreated: if it is the only node, they could not be scheduled otherwise. */
import { holdsNode, stepIsFinished } from '../facts.ts';
import { act, pass, type Verdict } from '../verdict.ts';
import type { Situation } from '../world.ts';

export function release(situation: Situation): Verdict {
  if (holdsNode(situation)) return act({ kind: 'release' });
  // On a node that is not held the effect is a no-op; it records the step as done.
  return stepIsFinished(situation.remediation, 'Release') || !situation.world.node
    ? pass
    : act({ kind: 'release' });
}
