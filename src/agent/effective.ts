/** The kubelet's effective `resolvConf` and where it comes from, decided in the kubelet's own order. */
import { posix } from 'node:path';
import { assertNever } from './assert-never.ts';
import { expandCommandLine } from './command-line.ts';
import { kubeletEnvironment } from './environment.ts';
import type { HostTree } from './host-tree.ts';
import { lineOf, readKubeletConfig } from './kubelet-config.ts';
import { type Flag, findFlag } from './kubelet-flags.ts';
import type { KubeletUnit } from './kubelet-unit.ts';
import { Refused } from './refused.ts';

const BUILT_IN_DEFAULT = '/etc/resolv.conf';

export type Source =
  | { readonly kind: 'default' }
  | { readonly kind: 'config'; readonly path: string; readonly line: number }
  | { readonly kind: 'drop-in'; readonly path: string; readonly line: number }
  /** A flag in an environment file. */
  | { readonly kind: 'environment-flag'; readonly path: string; readonly line: number }
  /** A flag in the unit itself. */
  | { readonly kind: 'unit-flag'; readonly path: string; readonly line: number };

export interface Effective {
  /** Absolute, or empty where the kubelet is told to use no file. */
  readonly value: string;
  readonly source: Source;
  /** The --config file, by the path that the kubelet was given. */
  readonly configPath: string;
  readonly configText: string;
  /** Every file that had a say, to be compared with the start of the running kubelet. */
  readonly inputs: readonly string[];
}

export function effectiveResolvConf(unit: KubeletUnit, host: HostTree): Effective {
  const argv = unit.execStart.at(0);
  if (argv === undefined || unit.execStart.length !== 1 || posix.basename(argv[0] ?? '') !== 'kubelet')
    throw new Refused(
      'UnknownLayout',
      `kubelet.service runs ${argv?.join(' ').slice(0, 200) ?? 'nothing'}, not the kubelet directly`,
    );
  const args = expandCommandLine(argv.slice(1), kubeletEnvironment(unit, host));

  const configPath = findFlag(args, 'config')?.value;
  if (configPath === undefined || !configPath.startsWith('/'))
    throw new Refused('UnknownLayout', 'the kubelet runs without an absolute --config file');
  const file = host.read(configPath);
  if (file === undefined) throw new Refused('UnknownLayout', `${configPath} is not there`);
  const config = readKubeletConfig(file.text, configPath).entry;

  const files = { configPath, configText: file.text };
  const inputs = [
    configPath,
    unit.fragmentPath,
    ...unit.dropInPaths,
    ...unit.environmentFiles.map(({ path }) => path),
  ].filter((path) => path !== '');

  let value = BUILT_IN_DEFAULT;
  let source: Source = { kind: 'default' };
  if (config.kind === 'set') {
    value = absolute(config.value, posix.dirname(configPath));
    source = { kind: 'config', path: configPath, line: config.line };
  }
  const dropInDirectory = findFlag(args, 'config-dir')?.value ?? '';
  if (dropInDirectory !== '') {
    const paths = host.walk(dropInDirectory).filter((path) => path.endsWith('.conf'));
    inputs.push(dropInDirectory, ...paths);
    for (const path of paths) {
      const text = host.read(path)?.text ?? '';
      const { entry } = readKubeletConfig(text, path);
      if (entry.kind === 'absent') continue;
      // Drop-ins are merge patches: null takes the key away, and the built-in default comes back.
      value = entry.kind === 'set' ? absolute(entry.value, posix.dirname(path)) : BUILT_IN_DEFAULT;
      source = { kind: 'drop-in', path, line: entry.line };
    }
  }
  const flag = findFlag(args, 'resolv-conf');
  if (flag !== undefined) {
    value = absolute(flag.value, '/');
    source = flagSource(flag, unit, host);
  }
  return { value, source, ...files, inputs };
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
    default:
      return assertNever(source);
  }
}

/** The empty string stays: it means "no file", not "this directory". */
function absolute(value: string, directory: string): string {
  return value === '' ? '' : posix.resolve(directory, value);
}

function flagSource(flag: Flag, unit: KubeletUnit, host: HostTree): Source {
  const file = flag.argument.origin?.variable.file;
  if (file !== undefined) {
    const offset = file.at[flag.argument.origin?.at[flag.valueStart] ?? 0] ?? 0;
    return { kind: 'environment-flag', path: file.path, line: lineOf(file.text, offset) };
  }
  // The last drop-in that names it wins over the unit; a file that cannot be seen leaves the unit itself.
  for (const path of [...unit.dropInPaths.toReversed(), unit.fragmentPath]) {
    const text = host.stat(path) ? (host.read(path)?.text ?? '') : '';
    const at = text.lastIndexOf('--resolv-conf');
    if (at >= 0) return { kind: 'unit-flag', path, line: lineOf(text, at) };
  }
  return { kind: 'unit-flag', path: unit.fragmentPath || 'kubelet.service', line: 0 };
}
