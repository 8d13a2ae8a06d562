/** Classifies what sets a kubelet's resolvConf: its configuration, its flags, and the answer of /configz. */
import { posix } from 'node:path';
import { Refused } from '../../api/refused.ts';
import { configzValue } from '../kubelet/configz.ts';
import { argumentsOf, readFlagsText } from '../kubelet/flags-text.ts';
import { UnreadableConfig, valueInConfig } from '../kubelet/kubelet-config.ts';
import { findFlag } from '../kubelet/kubelet-flags.ts';
import { absolute, BUILT_IN_DEFAULT } from '../kubelet/setting.ts';
import { type Answer, known, type Question, textOf, Unclassifiable } from './answer.ts';

const EMPTY_NOTE = 'the kubelet gives its pods nameserver 127.0.0.1: CoreDNS loops';

export function classifyKubeletConfig({ text, context }: Question): Answer {
  const path = textOf(context, 'path') ?? 'the file';
  try {
    const { value, occurrences } = valueInConfig(text, path);
    const isRelative = value !== undefined && value !== '' && !value.startsWith('/');
    return known({
      // Joined to the directory of the file, which must be known for that.
      resolvConf:
        value === undefined
          ? BUILT_IN_DEFAULT
          : path.startsWith('/')
            ? absolute(value, posix.dirname(path))
            : value,
      note: noteOn(value, occurrences) ?? (isRelative ? 'relative to the directory of the file' : undefined),
    });
  } catch (error) {
    if (!(error instanceof UnreadableConfig)) throw error;
    if (error.problem === 'invalid-yaml') throw new Unclassifiable(sentence(error), { cause: error });
    return { resolvConf: null, error: error.problem };
  }
}

function noteOn(value: string | undefined, occurrences: number): string | undefined {
  if (occurrences > 1)
    return `the key occurs ${occurrences} times and the last one counts: never edited automatically`;
  return value === '' ? EMPTY_NOTE : undefined;
}

export function classifyKubeletFlags({ text, context }: Question): Answer {
  try {
    const flags = readFlagsText(text, textOf(context, 'path') ?? 'the file');
    if (!flags) throw new Unclassifiable('it has no flags of a kubelet');
    const args = argumentsOf(flags);
    const value = (name: string): string | null => findFlag(args, name)?.value ?? null;
    const resolvConf = value('resolv-conf');
    return known({
      resolvConf: resolvConf === null ? null : absolute(resolvConf, '/'),
      config: value('config'),
      config_dir: value('config-dir'),
      note: resolvConf === '' ? EMPTY_NOTE : undefined,
    });
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    throw new Unclassifiable(sentence(error), { cause: error });
  }
}

export function classifyConfigz({ text }: Question): Answer {
  try {
    const resolvConf = configzValue(text);
    return known({ resolvConf, note: resolvConf === '' ? EMPTY_NOTE : undefined });
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    throw new Unclassifiable(sentence(error), { cause: error });
  }
}

const sentence = ({ message }: Error): string =>
  `${message.charAt(0).toLowerCase()}${message.slice(1).replace(/\.$/, '')}`;
