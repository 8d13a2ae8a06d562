/** The verb `diagnose`: why cluster DNS fails, from a cluster. */
import { FORMATS, type Verb } from '../verb.ts';

export const VERB: Verb = {
  name: 'diagnose',
  summary: 'find out why DNS pods crash, loop or do not answer, with evidence and commands',
  description:
    'Reads the DNS pods, their logs, the Corefile and the kubelets, asks the pods, and compares each one at fault with a healthy one. It works without the operator, and only reads.',
  arguments: [],
  options: [
    { flags: '--node <name>', summary: 'only the DNS pods of this node', completes: 'node' },
    { flags: '--pod <name>', summary: 'only this DNS pod' },
  ],
  formats: FORMATS,
  examples: [
    { does: 'All DNS pods of the cluster', command: 'diagnose' },
    { does: 'Those of one node, for a script', command: 'diagnose --node node-1 -o json' },
  ],
  run: async (context, _args, options) => (await import('./diagnose.ts')).diagnose(context, options),
};
