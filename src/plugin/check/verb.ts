/** The verb `check`: what each node would hand to a CoreDNS pod that was created there now. */
import { FORMATS, type Verb } from '../verb.ts';

export const VERB: Verb = {
  name: 'check',
  summary: 'start an unprivileged pod on nodes, and show which resolv.conf CoreDNS would be given there',
  description:
    'Starts a pod without rights or mounts on each node, with the DNS policy of CoreDNS, and shows which resolv.conf it was given, whether CoreDNS would loop with that, and who answers. The pods are removed afterwards, also after Ctrl-C; whatever is left of a killed run ends by itself and is removed by the next one. Without the image of the operator, the image of the cluster’s own CoreDNS is used, which only tells whether it loops. Exit code 1: a node has a fault. 2: no node has, but some could not be checked.',
  arguments: [{ name: '[node...]', summary: 'names of nodes', completes: 'node' }],
  options: [
    { flags: '--all', summary: 'check all nodes' },
    { flags: '--concurrency <number>', summary: 'how many nodes to check at once', default: '10' },
    { flags: '--timeout <time>', summary: 'how long to wait for a node: 30s, 2m', default: '60s' },
    { flags: '--namespace <name>', summary: 'where to start the pods, instead of in dnshealth-check' },
    { flags: '--image <image>', summary: 'image to start, instead of the one that the operator runs' },
    {
      flags: '--program <name>',
      summary: 'what the image holds: our agent, or CoreDNS, which is on the nodes already',
      choices: ['agent', 'coredns'],
    },
  ],
  formats: FORMATS,
  examples: [
    { does: 'One node', command: 'check node-1' },
    { does: 'All nodes, fifty at a time', command: 'check --all --concurrency 50' },
    { does: 'Without an image of ours', command: 'check --all --program coredns' },
  ],
  run: async (context, nodes, options) => (await import('./check.ts')).check(context, nodes, options),
};
