/** kubelet.service from text: the file of the unit, or what `systemctl cat kubelet` prints of it and its drop-ins. */
import { splitWords } from './command-line.ts';
import type { KubeletService } from './kubelet-service.ts';
import { parseUnit } from './unit-text.ts';

export interface ServiceText {
  readonly service: KubeletService;
  /** The text of each file, by its path, so that the line of a setting can be named. */
  readonly files: ReadonlyMap<string, string>;
}

/** `path` is that of the file, if the text does not name it. */
export function readServiceText(text: string, path: string): ServiceText {
  const files = splitCat(text, path);
  const service = {
    execStart: [] as string[][],
    environment: [] as string[],
    environmentFiles: [] as string[],
  };
  for (const content of files.values())
    for (const { key, value } of parseUnit(content)) {
      // An empty assignment resets the list.
      const words = splitWords(value).map((word) => word.text);
      if (key === 'ExecStart') service.execStart = value === '' ? [] : [...service.execStart, command(words)];
      if (key === 'Environment') service.environment = value === '' ? [] : [...service.environment, ...words];
      if (key === 'EnvironmentFile')
        service.environmentFiles = value === '' ? [] : [...service.environmentFiles, value.replace(/^-/, '')];
    }
  const [fragmentPath = path, ...dropInPaths] = files.keys();
  return { service: { ...service, fragmentPath, dropInPaths }, files };
}

/** `-`, `@`, `:`, `+`, `!` and `|` before the program change how systemd runs it, not what is run. */
const command = ([program = '', ...args]: readonly string[]): string[] => [
  program.replace(/^[-@:+!|]+/, ''),
  ...args,
];

const HEADER = /^# (\/\S+\.(?:service|conf))$/;

/** `systemctl cat` writes a line `# PATH` before each file, and an empty line after it. */
function splitCat(text: string, path: string): ReadonlyMap<string, string> {
  const isCat = HEADER.test(text.trimStart().split(/\r?\n/, 1)[0] ?? '');
  if (!isCat) return new Map([[path, text]]);
  const files = new Map<string, string>();
  let name = path;
  let lines: string[] = [];
  const finish = () => {
    if (lines.some((line) => line.trim() !== '')) files.set(name, lines.join('\n'));
  };
  for (const line of text.replaceAll('\r\n', '\n').split('\n')) {
    const header = HEADER.exec(line)?.[1];
    if (header === undefined) {
      lines.push(line);
      continue;
    }
    finish();
    name = header;
    lines = [];
  }
  finish();
  return files;
}
