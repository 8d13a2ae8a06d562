/** The verb `plan`: what a repair would do to a node, without doing it. */
import { DRY_RUN, TIMEOUT, textOf, timeoutOf, WAIT } from '../asking/options.ts';
import { FORMATS, type Verb } from '../verb.ts';

export const VERB: Verb = {
  name: 'plan',
  summary: 'ask what a repair would change on nodes, and show the diff',
  description:
    'Asks the operator for a plan of each node: a read-only inspection finds the file, the line and the change that a repair would make. Nothing is changed, whatever the mode of the policy, and the plan is kept in a DNSRemediation that ends as Planned. With --wait it is printed. Needs the ClusterRole dnshealth-pauser.',
  arguments: [{ name: '<node...>', summary: 'names of nodes', completes: 'node' }],
  options: [
    { flags: '--policy <name>', summary: 'under which policy, where there are several', completes: 'policy' },
    WAIT,
    TIMEOUT,
    DRY_RUN,
  ],
  formats: FORMATS.filter((format) => format !== 'wide'),
  examples: [
    { does: 'What would be changed on one node', command: 'plan node-1 --wait' },
    { does: 'Ask for several, and read them later', command: 'plan node-1 node-2 --policy coredns' },
  ],
  run: async (context, nodes, options) => {
    const { plan } = await import('./plan.ts');
    return plan(context, {
      nodes: [...new Set(nodes)],
      policy: textOf(options['policy']),
      wait: options['wait'] === true,
      timeoutMs: timeoutOf(options),
      dryRun: options['dryRun'] === true,
    });
  },
};
