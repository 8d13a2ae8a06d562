/** Removes the proof pod. The Job is removed by its own time to live, so that its log can still be read. */
import { act, pass, type Verdict } from '../verdict.ts';
import type { Situation } from '../world.ts';

export function tidy({ world }: Situation): Verdict {
  return world.proofPod ? act({ kind: 'remove-proof-pod' }) : pass;
}
