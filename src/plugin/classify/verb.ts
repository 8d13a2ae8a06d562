/** The verb `classify`: one saved input, one answer. */
import type { Verb } from '../verb.ts';

/** Those of `diagnosis/classify/`, and the node, whose files are judged by the agent's own code. */
const KINDS = [
  'coredns-log',
  'resolv-conf',
  'kubelet-config',
  'kubelet-flags',
  'configz',
  'corefile',
  'pod-status',
  'loop',
  'pod',
  'platform',
  'node',
] as const;

export const VERB: Verb = {
  name: 'classify',
  summary: 'say what one saved file means: a log, a resolv.conf, a Corefile, a setting of the kubelet',
  description:
    'Says what one saved file means, without a cluster. The file is the text itself, or an entry in YAML or JSON: kind, text and context, or input with a mapping. The kinds loop, pod, platform and node take a mapping.',
  arguments: [{ name: '<file>', summary: 'the file, or - for standard input', completes: 'file' }],
  options: [
    { flags: '--kind <kind>', summary: 'what the file is; an entry may say that itself', choices: KINDS },
    {
      flags: '--with <key=value...>',
      summary: 'what is known beside it: podIP=10.0.0.7, hostNetwork=true, path=/var/lib/kubelet/config.yaml',
    },
    { flags: '--with-file <file>', summary: 'the same from a file in YAML or JSON', completes: 'file' },
  ],
  formats: ['json', 'yaml'],
  examples: [
    {
      does: 'Is it a loop, and from where?',
      command: 'classify --kind coredns-log coredns.log --with podIP=10.233.64.5',
    },
    {
      does: 'What would a pod with this resolv.conf ask?',
      command: 'classify --kind resolv-conf /run/systemd/resolve/resolv.conf -o json',
    },
  ],
  run: async (context, [file = '-'], options) =>
    (await import('./classify.ts')).classifyFile(context, file, options),
};
