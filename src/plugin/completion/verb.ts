/** The verb `completion`: what a shell needs to complete verbs, options and names. */
import { EXIT, type Verb } from '../verb.ts';

export const VERB: Verb = {
  name: 'completion',
  summary: 'print what completes verbs, options and names in a shell',
  description:
    'Prints a script for the shell. Its first lines say how to install it, and what kubectl itself needs. Nodes, policies, remediations and DNS pods are completed from the cluster.',
  arguments: [{ name: '<shell>', summary: 'the shell', choices: ['bash', 'zsh', 'fish'] }],
  options: [],
  formats: [],
  examples: [
    { does: 'Complete in this bash, until it ends', command: 'completion bash > /tmp/c && source /tmp/c' },
    {
      does: 'Complete in each fish from now on',
      command: 'completion fish > ~/.config/fish/completions/kubectl-dnshealth.fish',
    },
  ],
  run: async ({ out }, [shell = '']) => {
    const { completionScript } = await import('./scripts.ts');
    out.write(completionScript(shell));
    return EXIT.well;
  },
};
