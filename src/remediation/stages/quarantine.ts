/** 2. Keep new pods off the node, with a record on the node itself of how it was. */
import { act, pass, type Verdict } from '../verdict.ts';
import type { Situation } from '../world.ts';

/**
 * Passes once the node was ours, also when it no longer is: a person who takes the quarantine off during a
 * repair has decided so, and after the release it must not come back. Where the node is ours but the status
 * does not say so yet, the effect writes nothing and returns what stands on the node.
 */
export function quarantine({ remediation }: Situation): Verdict {
  return remediation.status.quarantine ? pass : act({ kind: 'quarantine' });
}
