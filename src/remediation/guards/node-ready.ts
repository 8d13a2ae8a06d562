/** The node is Ready, so that its kubelet can start the Job that changes it. */
import { RECHECK_MS } from '../deadlines.ts';
import { workOf } from '../facts.ts';
import { pass, type Verdict, wait } from '../verdict.ts';
import type { Situation } from '../world.ts';

export function nodeIsReady({ remediation, world }: Situation): Verdict {
  if (world.node?.ready) return pass;
  return wait(
    'NodeNotReady',
    `Node ${remediation.spec.node.name} is not Ready, so the ${workOf(remediation)} Job cannot start there.`,
    RECHECK_MS,
  );
}
