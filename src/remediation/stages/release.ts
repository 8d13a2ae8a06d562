/** 5. Give the node back before its pods are recreated: where it is the only node, they could not be placed otherwise. */
import { holdsNode, stepIsFinished } from '../facts.ts';
import { act, pass, type Verdict } from '../verdict.ts';
import type { Situation } from '../world.ts';

export function release(situation: Situation): Verdict {
  if (holdsNode(situation)) return act({ kind: 'release' });
  // The effect on a node that is not ours writes nothing; asking for it once more records the step as done.
  return stepIsFinished(situation.remediation, 'Release') || !situation.world.node
    ? pass
    : act({ kind: 'release' });
}
