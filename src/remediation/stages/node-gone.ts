/**
 * Nothing more can be proven on a node that was deleted or replaced, and nothing on it can be worse: the incident ends.
 * After the stages that read what the agent and its guard have reported, because that says something of other nodes.
 */
import { type Ending, end, pass, type Verdict } from '../verdict.ts';
import type { Situation } from '../world.ts';

export const NODE_GONE: Ending = {
  phase: 'Failed',
  reason: 'NodeGone',
  message: 'The node was deleted or replaced during the repair.',
  hold: false,
};

export function nodeGone({ world }: Situation): Verdict {
  return world.node ? pass : end(NODE_GONE);
}
