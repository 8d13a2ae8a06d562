/** `__complete`: what may follow the words on the command line, in the protocol of Cobra, which kubectl speaks. */
import { Option } from 'commander';
import { commanderOption, GLOBAL_OPTIONS, optionsOf } from '../global-options.ts';
import type { ArgumentSpec, Completes, OptionSpec, Verb } from '../verb.ts';

/** Cobra's directives: whether the shell completes files where there is nothing else. */
const FILES = ':0';
const NO_FILES = ':4';

interface Candidate {
  readonly word: string;
  readonly summary?: string;
}

/** The names of a kind that exist. */
export type NamesOf = (kind: Completes, choice: KubeChoice) => Promise<readonly string[]>;
/** What is on the command line already. */
export interface KubeChoice {
  readonly context?: string;
  readonly kubeconfig?: string;
}

/** @param words after the program; the last one is to be completed and may be empty */
export async function complete(
  words: readonly string[],
  verbs: readonly Verb[],
  namesOf: NamesOf,
): Promise<string> {
  const line = parseLine(words.slice(0, -1), verbs);
  const current = words.at(-1) ?? '';
  const wanted = whatIsWanted(line, current, verbs);
  if (wanted.kind === 'file') return `${FILES}\n`;
  const candidates: readonly Candidate[] =
    wanted.kind === 'words'
      ? wanted.candidates
      : // A name is completed or not: an error would be printed into the line that is being typed.
        (await namesOf(wanted.kind, line.choice).catch((): readonly string[] => [])).map((word) => ({
          word,
        }));
  const prefix = current.startsWith('--') ? (current.split('=')[1] ?? current) : current;
  const fits = candidates.filter(({ word }) => word.startsWith(prefix));
  return [...fits.map(({ word, summary }) => (summary ? `${word}\t${summary}` : word)), NO_FILES, ''].join(
    '\n',
  );
}

interface Line {
  readonly verb: Verb | undefined;
  readonly isHelp: boolean;
  /** How many arguments the verb has already. */
  readonly given: number;
  /** The option whose value comes next. */
  readonly awaiting: OptionSpec | undefined;
  readonly choice: KubeChoice;
}

function parseLine(words: readonly string[], verbs: readonly Verb[]): Line {
  let line: Line = { verb: undefined, isHelp: false, given: 0, awaiting: undefined, choice: {} };
  for (const word of words) {
    // The "=" of --option=value, which bash makes a word of its own.
    if (word === '=' && line.awaiting) continue;
    if (line.awaiting)
      line = { ...line, awaiting: undefined, choice: withChoice(line.choice, line.awaiting, word) };
    else if (word.startsWith('-')) line = withOption(line, word);
    else if (line.verb) line = { ...line, given: line.given + 1 };
    else
      line = {
        ...line,
        verb: verbs.find(({ name }) => name === word),
        isHelp: line.isHelp || word === 'help',
      };
  }
  return line;
}

function withOption(line: Line, word: string): Line {
  const [flag = '', value] = word.split('=');
  const spec = known(line.verb).find((option) => named(option).includes(flag));
  if (!spec || !takesValue(spec)) return line;
  return value === undefined
    ? { ...line, awaiting: spec }
    : { ...line, choice: withChoice(line.choice, spec, value) };
}

function withChoice(choice: KubeChoice, { flags }: OptionSpec, value: string): KubeChoice {
  const name = new Option(flags).attributeName();
  return name === 'context' || name === 'kubeconfig' ? { ...choice, [name]: value } : choice;
}

type Wanted =
  | { readonly kind: 'words'; readonly candidates: readonly Candidate[] }
  | { readonly kind: Completes };

const words = (candidates: readonly Candidate[]): Wanted => ({ kind: 'words', candidates });

function whatIsWanted(
  { verb, isHelp, given, awaiting }: Line,
  current: string,
  verbs: readonly Verb[],
): Wanted {
  if (awaiting) return valuesOf(awaiting);
  if (current.startsWith('-')) {
    const option = known(verb).find(
      (one) => current.includes('=') && named(one).includes(current.split('=')[0] ?? ''),
    );
    return option
      ? valuesOf(option)
      : words(known(verb).map((one) => ({ word: longNameOf(one), summary: one.summary })));
  }
  if (!verb) {
    const help = isHelp ? [] : [{ word: 'help', summary: 'print the help of a verb' }];
    return words([...verbs.map(({ name, summary }) => ({ word: name, summary })), ...help]);
  }
  const argument = isHelp ? undefined : (verb.arguments[given] ?? repeated(verb.arguments));
  return argument ? valuesOf(argument) : words([]);
}

function valuesOf({ choices, completes }: Pick<OptionSpec, 'choices' | 'completes'>): Wanted {
  if (choices) return words(choices.map((word) => ({ word })));
  return completes ? { kind: completes } : words([]);
}

/** The last argument, if it may be repeated. */
const repeated = (specs: readonly ArgumentSpec[]): ArgumentSpec | undefined =>
  specs.at(-1)?.name.includes('...') ? specs.at(-1) : undefined;

const known = (verb: Verb | undefined): readonly OptionSpec[] => [
  ...(verb ? optionsOf(verb) : []),
  ...GLOBAL_OPTIONS,
  { flags: '-h, --help', summary: 'print this help' },
];
const named = (spec: OptionSpec): readonly string[] => {
  const { short, long } = commanderOption(spec);
  return [short, long].filter((name) => name !== undefined);
};
const longNameOf = (spec: OptionSpec): string => commanderOption(spec).long ?? spec.flags;
const takesValue = (spec: OptionSpec): boolean => {
  const { required, optional } = commanderOption(spec);
  return required || optional;
};
