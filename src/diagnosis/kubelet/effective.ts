/** The kubelet's effective `resolvConf` and where it comes from, by the kubelet's own precedence. */
import { posix } from 'node:path';
import { Refused } from '../../api/refused.ts';
import { type Argument, expandCommandLine } from './command-line.ts';
import { kubeletEnvironment } from './environment.ts';
import { type Flag, findFlag } from './kubelet-flags.ts';
import type { KubeletService, NodeFiles } from './kubelet-service.ts';
import { type Setting, settingOfConfig, settingOfDropIn, settingOfFlag } from './setting.ts';
import { unitFiles } from './unit-files.ts';

export interface Effective extends Setting {
  /** The path of the --config file, as the kubelet got it. */
  readonly configPath: string | undefined;
  /** The kubelet's arguments, expanded by systemd. */
  readonly args: readonly string[];
  /** Every file that can contribute to the value, to be compared with the start time of the running kubelet. */
  readonly inputs: readonly string[];
  /** What a restart would execute. */
  readonly program: string;
}

export function effectiveResolvConf(service: KubeletService, files: NodeFiles): Effective {
  const { program, args, configPath, dropIns, flag } = kubeletCommand(service, files);
  const setting = flag ? settingOfFlag(flag, service, files) : fromFiles(configPath, dropIns, files);
  return {
    ...setting,
    configPath,
    args: args.map(({ text }) => text),
    inputs: [configPath ?? '', ...unitFiles(service), ...service.environmentFiles, ...dropIns].filter(
      (path) => path !== '',
    ),
    program,
  };
}

interface KubeletCommand {
  readonly program: string;
  readonly args: readonly Argument[];
  readonly configPath: string | undefined;
  /** The directory of the drop-ins and its files, in the order in which the kubelet merges them; or empty. */
  readonly dropIns: readonly string[];
  /** The last `--resolv-conf`. */
  readonly flag: Flag | undefined;
}

/** @throws Refused where the unit does not run the kubelet itself */
export function kubeletCommand(service: KubeletService, files: NodeFiles): KubeletCommand {
  const argv = service.execStart.at(0);
  if (argv === undefined || service.execStart.length !== 1 || posix.basename(argv[0] ?? '') !== 'kubelet')
    throw new Refused(
      'UnknownLayout',
      `The unit kubelet.service runs ${argv?.join(' ').slice(0, 200) ?? 'nothing'} instead of the kubelet itself.`,
    );
  const args = expandCommandLine(argv.slice(1), kubeletEnvironment(service, files));
  return {
    program: argv[0] ?? '',
    args,
    configPath: findFlag(args, 'config')?.value,
    dropIns: dropInsOf(findFlag(args, 'config-dir')?.value ?? '', files),
    flag: findFlag(args, 'resolv-conf'),
  };
}

function dropInsOf(directory: string, files: NodeFiles): readonly string[] {
  if (directory === '') return [];
  return [directory, ...files.walk(directory).filter((path) => path.endsWith('.conf'))];
}

function fromFiles(configPath: string | undefined, dropIns: readonly string[], files: NodeFiles): Setting {
  let setting = settingOfConfig(configPath, files);
  for (const path of dropIns.slice(1)) setting = settingOfDropIn(path, files) ?? setting;
  return setting;
}
