/** The verb `status`: what the operator sees and does, now or as it happens. */
import { FORMATS, type Verb } from '../verb.ts';

export const VERB: Verb = {
  name: 'status',
  summary: 'show the DNS pods, what the operator does about them, and what it waits for',
  description:
    'Shows the policy, the DNS pods, what the checks of the nodes have shown, the incidents that run, wait or need you, and what was observed with advice. Exits with 1 if anything is not well; a check that fails shows nothing about its node and does not count.',
  arguments: [],
  options: [
    {
      flags: '-w, --watch',
      summary: 'go on and report incidents and nodes that go wrong as they happen, until Ctrl-C',
    },
  ],
  formats: FORMATS,
  examples: [
    { does: 'How DNS is, and what the operator does about it', command: 'status' },
    { does: 'Follow a repair step by step', command: 'status --watch' },
  ],
  run: async (context, _args, { watch }) => {
    const { status, watchStatus } = await import('./status.ts');
    return watch === true ? watchStatus(context) : status(context);
  },
};
