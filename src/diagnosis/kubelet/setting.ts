/** One place that sets the kubelet's `resolvConf`: the configuration file, a drop-in or a flag, with file and line. */
import { posix } from 'node:path';
import { assertNever } from '../../api/assert-never.ts';
import { Refused } from '../../api/refused.ts';
import type { Origin } from './command-line.ts';
import { RESOLV_CONF_KEY, readKubeletConfig } from './kubelet-config.ts';
import type { Flag } from './kubelet-flags.ts';
import type { KubeletService, NodeFiles } from './kubelet-service.ts';
import { lineOf } from './lines.ts';
import { findInUnit, unitFiles, type Wanted } from './unit-files.ts';

export const BUILT_IN_DEFAULT = '/etc/resolv.conf';

export type Source =
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

export interface Setting {
  /** Absolute, or empty where the kubelet is configured to use no file. */
  readonly value: string;
  readonly source: Source;
  /** Undefined where it can only be changed by hand: in the unit, or where there is no --config file. */
  readonly place: Place | undefined;
}

/** What the --config file sets. @throws Refused where there is none, or it cannot be understood */
export function settingOfConfig(configPath: string | undefined, files: NodeFiles): Setting {
  if (configPath === undefined || !configPath.startsWith('/'))
    throw new Refused('UnknownLayout', 'The kubelet runs without an absolute --config path.');
  const text = files.read(configPath);
  if (text === undefined)
    throw new Refused('UnknownLayout', `The --config file ${configPath} does not exist.`);
  const { entry } = readKubeletConfig(text, configPath);
  const place: Place = { kind: 'document', path: configPath, text };
  return entry.kind === 'set'
    ? {
        value: absolute(entry.value, posix.dirname(configPath)),
        source: { kind: 'config', path: configPath, line: entry.line },
        place,
      }
    : { value: BUILT_IN_DEFAULT, source: { kind: 'default' }, place };
}

/** Undefined if the drop-in does not set the value. */
export function settingOfDropIn(path: string, files: NodeFiles): Setting | undefined {
  const text = files.read(path);
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

export function settingOfFlag(flag: Flag, service: KubeletService, files: NodeFiles): Setting {
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
  return { value, source: inUnit(first, service, files), place: undefined };
}

function inUnit(origin: Origin | undefined, service: KubeletService, files: NodeFiles): Source {
  const wanted: Wanted =
    origin === undefined || origin.variable.file !== undefined
      ? { kind: 'command' }
      : { kind: 'variable', name: origin.name };
  const found = findInUnit(wanted, service, files);
  return found ? { kind: 'unit-flag', ...found } : { kind: 'unseen-flag', files: unitFiles(service) };
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
export function absolute(value: string, directory: string): string {
  return value === '' ? '' : posix.resolve(directory, value);
}
