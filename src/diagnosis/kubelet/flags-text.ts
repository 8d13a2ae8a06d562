/** The kubelet's flags from whatever text a person has of them: a process, a unit, or an environment file. */
import { type Argument, splitWords } from './command-line.ts';
import { kubeletCommand } from './effective.ts';
import { parseEnvironmentFile } from './environment-file.ts';
import { savedFiles } from './saved-files.ts';
import { readServiceText, type ServiceText } from './service-text.ts';
import { parseUnit } from './unit-text.ts';

/**
 * Accepts /proc/PID/cmdline, a line of `ps`, a JSON list such as Docker's, a unit, `systemctl cat kubelet`, an environment
 * file, or flags alone.
 *
 * @returns null if it is none of these
 */
export function readFlagsText(text: string, path: string): ServiceText | null {
  // A unit first: a continued line of it looks like a command line of its own.
  if (parseUnit(text).some(({ key }) => key === 'ExecStart')) return readServiceText(text, path);
  const argv = argvIn(text);
  if (argv) return { service: { ...NO_FILES, execStart: [argv] }, files: new Map() };
  const assignments = parseEnvironmentFile(text);
  const names = assignments.flatMap(({ name, value }) =>
    splitWords(value).some((word) => word.text.startsWith('-')) ? [name] : [],
  );
  if (names.length === 0 && !assignments.some(({ name }) => OF_FLAGS.test(name))) return flagsAlone(text);
  const words = [...new Set(names)].sort((a, b) => rank(a) - rank(b)).map((name) => `$${name}`);
  return {
    service: { ...NO_FILES, execStart: [['kubelet', ...words]], environmentFiles: [path] },
    files: new Map([[path, text]]),
  };
}

/** A variable that holds flags, even if it is empty now. */
const OF_FLAGS = /KUBE|ARGS|OPTS|FLAGS/;

/** @throws Refused where it depends on whether an unknown flag takes a value */
export function argumentsOf({ service, files }: ServiceText): readonly Argument[] {
  return kubeletCommand(service, savedFiles(files)).args;
}

const NO_FILES = { environment: [], environmentFiles: [], fragmentPath: '', dropInPaths: [] } as const;

function argvIn(text: string): readonly string[] | null {
  if (text.includes('\0')) return fromProgram(text.split('\0').filter((word) => word !== ''));
  if (text.trimStart().startsWith('[')) {
    const list = jsonList(text);
    if (list) return fromProgram(list) ?? ['kubelet', ...list];
  }
  for (const line of text.split(/\r?\n/).toReversed()) {
    const argv = line.trimStart().startsWith('#')
      ? null
      : fromProgram(splitWords(line).map((word) => word.text));
    if (argv) return argv;
  }
  return null;
}

function flagsAlone(text: string): ServiceText | null {
  const words = splitWords(text.replaceAll(/\\?\r?\n/g, ' ')).map((word) => word.text);
  return words[0]?.startsWith('--')
    ? { service: { ...NO_FILES, execStart: [['kubelet', ...words]] }, files: new Map() }
    : null;
}

/** From the word that is the kubelet's program, so that the columns of `ps` are left out. */
function fromProgram(words: readonly string[]): readonly string[] | null {
  const at = words.findIndex((word) => /^(?:\/\S*\/)?kubelet$/.test(word));
  const args = words.slice(at + 1);
  const isCommand = args.some((word) => word.startsWith('-')) || (args.length === 0 && at === 0);
  return at !== -1 && isCommand ? words.slice(at) : null;
}

function jsonList(text: string): readonly string[] | null {
  try {
    const list: unknown = JSON.parse(text);
    return Array.isArray(list) && list.every((word) => typeof word === 'string') ? list : null;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

/** The order in which kubeadm's unit puts them on the command line: the last flag wins. */
const KUBEADM_ORDER: readonly string[] = [
  'KUBELET_KUBECONFIG_ARGS',
  'KUBELET_CONFIG_ARGS',
  'KUBELET_KUBEADM_ARGS',
  'KUBELET_EXTRA_ARGS',
];
const rank = (name: string): number => KUBEADM_ORDER.indexOf(name);
