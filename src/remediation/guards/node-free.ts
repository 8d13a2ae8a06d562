/** No other remediation holds the node in quarantine. */
import { RECHECK_MS } from '../deadlines.ts';
import { holdsNode } from '../facts.ts';
import { pass, type Verdict, wait } from '../verdict.ts';
import type { Situation } from '../world.ts';

export function nodeIsFree(situation: Situation): Verdict {
  if (situation.world.node?.hasUnreadableRecord)
    return wait(
      'NodeHeld',
      'The annotation dnshealth.io/quarantine of the node cannot be parsed. Remove it if the node is not in quarantine.',
      RECHECK_MS,
    );
  const holder = situation.world.node?.quarantine;
  if (!holder || holdsNode(situation)) return pass;
  return wait('NodeHeld', `The node is still held by ${holder.remediation}.`, RECHECK_MS);
}
