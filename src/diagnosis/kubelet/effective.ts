/** The kubelet's effective `resolvConf` and where it comes from, by the kubelet's own precedence. */
import { posix } from 'node:path';
import { assertNever } from '../../api/assert-never.ts';
import { Refused } from '../../api/refused.ts';
import { expandCommandLine, type Origin } from './command-line.ts';
import { kubeletEnvironment } from './environment.ts';
import { RESOLV_CONF_KEY, readKubeletConfig } from './kubelet-config.ts';
import { type Flag, findFlag } from './kubelet-flags.ts';
import type { KubeletService, NodeFiles } from './kubelet-service.ts';
import { lineOf } from './lines.ts';
import { findInUnit, unitFiles, type Wanted } from './unit-files.ts';

const BUILT_IN_DEFAULT = '/etc/resolv.conf';

type Source =
  | { readonly kind: 'default' }
  | { readonly kind: 'config'; readonly path: string; readonly line: number }
  | { readonly kind: 'drop-in'; readonly path: string; readonly line: number }
  /** A flag in an environment file. */
  | { readonly kind: 'environment-flag'; readonly path: string; readonly line: number }
  /** A flag in the unit itself. */
  | { readonly kind: 'unit-flag'; readonly path: string; readonly line: number }
  /** A flag in one of the unit's files, of which at least one cannot be read. */
  | { readonly kind: 'unseen-flag'; readonly files: readonly string[] };

export interface FlagInFile {
  readonly path: string;
  readonly text: string;
  readonly flag: Flag;
}

/** The file in which a change takes precedence over every other setting. */
export type Place =
  | { readonly kind: 'document'; readonly path: string; readonly text: string }
  | ({ readonly kind: 'flag' } & FlagInFile);

export interface Effective {
  /** Absolute, or empty where the kubelet is configured to use no file. */
  readonly value: string;
  readonly source: Source;
  /** Undefined where it can only be changed by hand: in the unit, or where there is no --config file. */
  readonly place: Place | undefined;
  /** The path of the --config file, as the kubelet got it. */
  readonly configPath: string | undefined;
  /** The kubelet's arguments, expanded by systemd. */
  readonly args: readonly string[];
  /** Every file that can contribute to the value, to be compared with the start time of the running kubelet. */
  readonly inputs: readonly string[];
  /** What a restart would execute. */
  readonly program: string;
}

type Setting = Pick<Effective, 'value' | 'source' | 'place'>;

export function effectiveResolvConf(unit: KubeletService, host: NodeFiles): Effective {
  const argv = unit.execStart.at(0);
  if (argv === undefined || unit.execStart.length !== 1 || posix.basename(argv[0] ?? '') !== 'kubelet')
    throw new Refused(
      'UnknownLayout',
      `The unit kubelet.service runs ${argv?.join(' ').slice(0, 200) ?? 'nothing'} instead of the kubelet itself.`,
    );
  const args = expandCommandLine(argv.slice(1), kubeletEnvironment(unit, host));
  const configPath = findFlag(args, 'config')?.value;
  const dropIns = dropInsOf(findFlag(args, 'config-dir')?.value ?? '', host);
  const flag = findFlag(args, 'resolv-conf');
  const setting = flag ? fromFlag(flag, unit, host) : fromFiles(configPath, dropIns, host);
  return {
    ...setting,
    configPath,
    args: args.map(({ text }) => text),
    inputs: [configPath ?? '', ...unitFiles(unit), ...unit.environmentFiles, ...dropIns].filter(
      (path) => path !== '',
    ),
    program: argv[0] ?? '',
  };
}

/** The directory and the drop-ins in it, in the order in which the kubelet merges them. */
function dropInsOf(directory: string, host: NodeFiles): readonly string[] {
  if (directory === '') return [];
  return [directory, ...host.walk(directory).filter((path) => path.endsWith('.conf'))];
}

function fromFiles(configPath: string | undefined, dropIns: readonly string[], host: NodeFiles): Setting {
  if (configPath === undefined || !configPath.startsWith('/'))
    throw new Refused('UnknownLayout', 'The kubelet runs without an absolute --config path.');
  const text = host.read(configPath);
  if (text === undefined)
    throw new Refused('UnknownLayout', `The --config file ${configPath} does not exist.`);
  const { entry } = readKubeletConfig(text, configPath);
  const place: Place = { kind: 'document', path: configPath, text };
  let setting: Setting =
    entry.kind === 'set'
      ? {
          value: absolute(entry.value, posix.dirname(configPath)),
          source: { kind: 'config', path: configPath, line: entry.line },
          place,
        }
      : { value: BUILT_IN_DEFAULT, source: { kind: 'default' }, place };
  for (const path of dropIns.slice(1)) setting = fromDropIn(path, host) ?? setting;
  return setting;
}

/** Undefined if the drop-in does not set the value. */
function fromDropIn(path: string, host: NodeFiles): Setting | undefined {
  const text = host.read(path);
  if (text === undefined)
    throw new Refused('UnsafePath', `The file ${path} is listed, but cannot be opened by that name.`);
  const { entry, json, occurrences } = readKubeletConfig(text, path);
  // Merged with encoding/json, which ignores case: unlike in the --config file, such a key counts.
  const alias = Object.keys(json).find(
    (key) => key !== RESOLV_CONF_KEY && key.toLowerCase() === RESOLV_CONF_KEY.toLowerCase(),
  );
  if (alias !== undefined || occurrences > 1)
    throw new Refused(
      'DuplicateKey',
      `The file ${path} sets ${alias ?? `${RESOLV_CONF_KEY} ${occurrences} times`}; which value the kubelet uses is unclear.`,
    );
  if (entry.kind === 'absent') return undefined;
  return {
    // A merge patch: null removes the key, and the built-in default applies. Unlike in the --config file a relative path
    // is not joined to the file's directory; systemd starts the kubelet in the root.
    value: entry.kind === 'set' ? absolute(entry.value, '/') : BUILT_IN_DEFAULT,
    source: { kind: 'drop-in', path, line: entry.line },
    place: { kind: 'document', path, text },
  };
}

export function describeSource(source: Source): string {
  switch (source.kind) {
    case 'default':
      return 'built-in default';
    case 'config':
    case 'drop-in':
      return `${source.path}:${source.line}`;
    case 'environment-flag':
    case 'unit-flag':
      return `--resolv-conf in ${source.path}:${source.line}`;
    case 'unseen-flag':
      return `--resolv-conf in a file of kubelet.service that cannot be read (it has ${source.files.join(', ') || 'no file'})`;
    default:
      return assertNever(source);
  }
}

/** The empty string stays: it means "no file", not "this directory". */
function absolute(value: string, directory: string): string {
  return value === '' ? '' : posix.resolve(directory, value);
}

function fromFlag(flag: Flag, unit: KubeletService, host: NodeFiles): Setting {
  const value = absolute(flag.value, '/');
  const { origins } = flag.argument;
  const inValue = origins.slice(flag.valueStart);
  // An empty value has no characters: then what comes before it tells.
  const first = inValue.length > 0 ? inValue[0] : origins[flag.valueStart - 1];
  const file = first?.variable.file;
  if (file !== undefined && inValue.every((origin) => origin?.variable === first?.variable)) {
    const { path, text, at } = file;
    const line = lineOf(text, at[first?.index ?? 0] ?? 0);
    return {
      value,
      source: { kind: 'environment-flag', path, line },
      place: { kind: 'flag', path, text, flag },
    };
  }
  return { value, source: inUnit(first, unit, host), place: undefined };
}

function inUnit(origin: Origin | undefined, unit: KubeletService, host: NodeFiles): Source {
  const wanted: Wanted =
    origin === undefined || origin.variable.file !== undefined
      ? { kind: 'command' }
      : { kind: 'variable', name: origin.name };
  const found = findInUnit(wanted, unit, host);
  return found ? { kind: 'unit-flag', ...found } : { kind: 'unseen-flag', files: unitFiles(unit) };
}
