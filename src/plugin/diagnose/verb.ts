/** The verb `diagnose`: why cluster DNS fails, from a cluster or from saved files. */
import { FORMATS, type Verb } from '../verb.ts';

export const VERB: Verb = {
  name: 'diagnose',
  summary: 'find out why DNS pods crash, loop or do not answer, with evidence and commands',
  description:
    'Reads the DNS pods, their logs, the Corefile and the kubelets, asks the pods, and compares each one at fault with a healthy one. It works without the operator, and only reads. With --dir or one of the other options for files it needs no cluster.',
  arguments: [],
  options: [
    { flags: '--node <name>', summary: 'only the DNS pods of this node', completes: 'node' },
    { flags: '--pod <name>', summary: 'only this DNS pod', completes: 'dns-pod' },
    {
      flags: '--dir <directory>',
      summary: 'saved files instead of a cluster: a dump, a must-gather, files of a node',
      completes: 'file',
    },
    { flags: '--log <file...>', summary: 'log of a DNS container', completes: 'file' },
    { flags: '--corefile <file>', summary: 'Corefile', completes: 'file' },
    { flags: '--pod-json <file...>', summary: 'pods as JSON or YAML, or other objects', completes: 'file' },
    {
      flags: '--resolv-conf <file...>',
      summary: 'resolv.conf of the node; PATH=FILE says which one',
      completes: 'file',
    },
    {
      flags: '--pod-resolv-conf <file>',
      summary: 'resolv.conf that the DNS pod was given',
      completes: 'file',
    },
    {
      flags: '--kubelet-config <file...>',
      summary: 'kubelet configuration; PATH=FILE says which one',
      completes: 'file',
    },
    { flags: '--unit <file>', summary: 'what `systemctl cat kubelet` printed', completes: 'file' },
    {
      flags: '--flags <file...>',
      summary: 'flags of the kubelet: kubeadm-flags.env, /proc/PID/cmdline',
      completes: 'file',
    },
    { flags: '--configz <file>', summary: 'what /configz of the kubelet answered', completes: 'file' },
  ],
  formats: FORMATS,
  examples: [
    { does: 'All DNS pods of the cluster', command: 'diagnose' },
    { does: 'Those of one node, for a script', command: 'diagnose --node node-1 -o json' },
    {
      does: 'Without a cluster, from files that were saved on a node',
      command:
        'diagnose --log coredns.log --resolv-conf /etc/resolv.conf=resolv.conf --kubelet-config config.yaml',
    },
    { does: 'From a dump of the cluster', command: 'diagnose --dir ./cluster-info' },
  ],
  run: async (context, _args, options) => (await import('./diagnose.ts')).diagnose(context, options),
};
