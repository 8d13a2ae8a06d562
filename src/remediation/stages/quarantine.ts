/** Keeps new pods off the node; the node itself carries the record of its state before. */
import { act, pass, type Verdict } from '../verdict.ts';
import type { Situation } from '../world.ts';

/**
 * Passes once the node was quarantined, also when it no longer is: an administrator may have lifted the quarantine
 * during the repair, and after the release it must not come back. If the node is held but the status does not say so
 * yet, the effect writes nothing and returns the record on the node.
 */
export function quarantine({ remediation }: Situation): Verdict {
  return remediation.status.quarantine ? pass : act({ kind: 'quarantine' });
}
