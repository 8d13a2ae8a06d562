/** Reads the file that is to be classified, asks the rules, and prints the answer. */

import { parse } from 'yaml';
import { isRecord } from '../../api/is-record.ts';
import { type Answer, type Facts, Unclassifiable } from '../../diagnosis/classify/answer.ts';
import { classify, type Input, KINDS } from '../../diagnosis/classify/classify.ts';
import { readEntry } from '../../diagnosis/classify/read-entry.ts';
import { PluginError } from '../errors.ts';
import { print } from '../terminal/print.ts';
import { readSavedFile } from '../terminal/saved-file.ts';
import { EXIT, type ExitCode, type OptionValues, type PluginContext } from '../verb.ts';

/** Their input is a mapping. */
const OF_FACTS: readonly string[] = ['loop', 'pod', 'platform', 'node'];

export async function classifyFile(
  context: PluginContext,
  file: string,
  options: OptionValues,
): Promise<ExitCode> {
  const asked = typeof options['kind'] === 'string' ? options['kind'] : undefined;
  const given = { ...(await fromFile(options['withFile'])), ...fromPairs(options['with']) };
  const name = file === '-' ? 'standard input' : file;
  try {
    const entry = readEntry(await readSavedFile(file), given, OF_FACTS, asked);
    const kind = asked ?? entry.kind;
    if (kind === undefined) throw new PluginError(`${name} does not say what it is: add --kind`);
    const answer = await answerOf(kind, withPath(entry.input, file));
    await print(context, answer, () => `${JSON.stringify(answer)}\n`);
    return EXIT.well;
  } catch (error) {
    if (!(error instanceof Unclassifiable)) throw error;
    throw new PluginError(`${name} cannot be classified: ${error.message}`, { cause: error });
  }
}

async function answerOf(kind: string, input: Input): Promise<Answer> {
  const pure = KINDS.find((known) => known === kind);
  if (pure) return classify(pure, input);
  if (kind !== 'node') throw new Unclassifiable(`"${kind}" is not a kind`);
  if (input.form !== 'facts') throw new Unclassifiable('an input of kind node is a mapping in YAML or JSON');
  const { classifyNode } = await import('./node.ts');
  return classifyNode(input.facts);
}

/** The kubelet joins a relative path to the directory of its file; `path` says where that is on the node. */
function withPath(input: Input, file: string): Input {
  if (input.form !== 'text' || input.context['path'] !== undefined || !file.startsWith('/')) return input;
  return { ...input, context: { ...input.context, path: file } };
}

async function fromFile(path: OptionValues[string]): Promise<Facts> {
  if (typeof path !== 'string') return {};
  const value: unknown = parse(await readSavedFile(path), { logLevel: 'error', maxAliasCount: 100 });
  if (!isRecord(value)) throw new PluginError(`${path} is not a mapping in YAML or JSON`);
  return value;
}

function fromPairs(pairs: OptionValues[string]): Facts {
  const list = Array.isArray(pairs) ? pairs : [];
  return Object.fromEntries(
    list.map((pair: string) => {
      const equals = pair.indexOf('=');
      if (equals < 1) throw new PluginError(`--with "${pair}" is not KEY=VALUE`);
      return [pair.slice(0, equals), pair.slice(equals + 1)];
    }),
  );
}
