/** What saved files say about the kubelet of a node: its running value, and every place that sets it. */
import { posix } from 'node:path';
import type { CaseKubelet, KubeletLayer, SavedText } from '../case.ts';
import { configzValue } from './configz.ts';
import { argumentsOf, readFlagsText } from './flags-text.ts';
import { readKubeletConfig } from './kubelet-config.ts';
import { findFlag } from './kubelet-flags.ts';
import { type Layers, resolvConfLayers } from './layers.ts';
import { savedFiles } from './saved-files.ts';
import { readServiceText, type ServiceText } from './service-text.ts';
import { absolute } from './setting.ts';
import { unlessRefused } from './unless-refused.ts';

/** `source` of each text is its path on the node where that is known, or else the name of the saved file. */
export interface SavedKubelet {
  /** Configuration, drop-ins and environment files. */
  readonly files: readonly SavedText[];
  /** A unit, or the output of `systemctl cat kubelet`. */
  readonly unit?: SavedText;
  /** Of the running process: /proc/PID/cmdline, or a line of `ps`. */
  readonly commandLine?: SavedText;
  /** The answer of the kubelet's /configz. */
  readonly configz?: SavedText;
}

export interface ReadKubelet {
  readonly kubelet: CaseKubelet;
  /** What could not be read or understood, in sentences. */
  readonly problems: readonly string[];
}

export function readSavedKubelet(saved: SavedKubelet): ReadKubelet {
  const problems: string[] = [];
  const running = unlessRefused(() => runningOf(saved), problems);
  const { layers, problems: others } = layersOf(saved);
  return { kubelet: { ...(running && { running }), layers }, problems: [...problems, ...others] };
}

function runningOf({ configz, commandLine }: SavedKubelet): CaseKubelet['running'] {
  if (configz) return { value: configzValue(configz.text), source: configz.source };
  const text = commandLine && readFlagsText(commandLine.text, commandLine.source);
  const flag = text && findFlag(argumentsOf(text), 'resolv-conf');
  // Without the flag, a file decided when the kubelet was started; the file of now may be another one.
  return flag
    ? { value: absolute(flag.value, '/'), source: `--resolv-conf in ${commandLine?.source}` }
    : undefined;
}

function layersOf({ files, unit, commandLine }: SavedKubelet): Layers {
  const started = unit
    ? readServiceText(unit.text, unit.source)
    : commandLine && readFlagsText(commandLine.text, commandLine.source);
  if (!started) return layersOfFiles(files);
  const texts = new Map([...started.files, ...files.map(({ source, text }) => [source, text] as const)]);
  return resolvConfLayers(started.service, savedFiles(asOnTheNode(started.service, texts)));
}

/**
 * Files that were saved under another name, as what the unit reads: an environment file by the last part of its path,
 * and the configuration by its kind, if there is only one.
 */
function asOnTheNode(
  service: ServiceText['service'],
  saved: ReadonlyMap<string, string>,
): ReadonlyMap<string, string> {
  const texts = new Map(saved);
  const elsewhere = [...saved].filter(([name]) => !name.startsWith('/'));
  for (const path of service.environmentFiles) {
    const [, text] = elsewhere.find(([name]) => posix.basename(name) === posix.basename(path)) ?? [];
    if (text !== undefined && !texts.has(path)) texts.set(path, text);
  }
  const config = unlessRefused(() => findFlag(argumentsOf({ service, files: texts }), 'config')?.value);
  const [only, ...others] = elsewhere.filter(([, text]) => isConfig(text));
  if (config !== undefined && !texts.has(config) && only && others.length === 0) texts.set(config, only[1]);
  return texts;
}

const isConfig = (text: string): boolean =>
  /^\s*kind\s*:\s*["']?KubeletConfiguration\b|"kind"\s*:\s*"KubeletConfiguration"/m.test(text);

/** Without a unit, each file is judged alone: which of them the kubelet reads is not known. */
function layersOfFiles(files: readonly SavedText[]): Layers {
  const problems: string[] = [];
  const layers = files.flatMap((file) => unlessRefused(() => layersOfFile(file), problems) ?? []);
  return { layers: layers.sort((a, b) => Number(a.kind === 'flag') - Number(b.kind === 'flag')), problems };
}

function layersOfFile({ source, text }: SavedText): readonly KubeletLayer[] {
  if (isConfig(text)) {
    const { entry } = readKubeletConfig(text, source);
    if (entry.kind !== 'set') return [];
    const value = absolute(entry.value, posix.dirname(source));
    return [{ kind: 'config', value, path: source, line: entry.line }];
  }
  const flags = readFlagsText(text, source);
  return flags ? resolvConfLayers(flags.service, savedFiles(flags.files)).layers : [];
}
