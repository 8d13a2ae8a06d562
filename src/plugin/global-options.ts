/** The options that every verb takes, and commander's view of an option that a verb declares. */
import { Option } from 'commander';
import type { Format, OptionSpec, Verb } from './verb.ts';

/** As kubectl names them. */
export const GLOBAL_OPTIONS: readonly OptionSpec[] = [
  { flags: '--context <name>', summary: 'context of the kubeconfig to use', completes: 'context' },
  {
    flags: '--kubeconfig <file>',
    summary: 'kubeconfig to use instead of $KUBECONFIG or ~/.kube/config',
    completes: 'file',
  },
  {
    flags: '--request-timeout <time>',
    summary: 'how long to wait for an answer of the API server: 5s, 1m; 0 waits for ever',
    default: '10s',
  },
];

/** With its `--output`, if it has formats. */
export function optionsOf({ options, formats }: Verb): readonly OptionSpec[] {
  const [first] = formats;
  return first === undefined ? options : [...options, outputOption(formats, first)];
}

const outputOption = (choices: readonly Format[], preset: Format): OptionSpec => ({
  flags: '-o, --output <format>',
  summary: 'how to print',
  choices,
  default: preset,
});

export function commanderOption({ flags, summary, choices, default: preset }: OptionSpec): Option {
  const option = new Option(flags, summary);
  if (choices) option.choices(choices);
  return preset === undefined ? option : option.default(preset);
}
