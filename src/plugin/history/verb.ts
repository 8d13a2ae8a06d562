/** The verb `history`: incidents of a node or of all. */
import { FORMATS, type Verb } from '../verb.ts';

export const VERB: Verb = {
  name: 'history',
  summary: 'list the incidents of a node or of all nodes, the latest first',
  arguments: [{ name: '[node]', summary: 'name of a node', completes: 'node' }],
  options: [],
  formats: FORMATS,
  examples: [
    { does: 'All incidents that are kept', command: 'history' },
    { does: 'Those of one node, with their messages', command: 'history node-1 -o wide' },
  ],
  run: async (context, [node]) => (await import('./history.ts')).history(context, node),
};
