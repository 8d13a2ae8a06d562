/** Reads the files that were given one by one: the option says what each is. */
import { existsSync } from 'node:fs';
import { PluginError } from '../../errors.ts';
import { MAX_BYTES, readSavedFile } from '../../terminal/saved-file.ts';
import type { OptionValues } from '../../verb.ts';
import { recognise, type SavedKind } from './recognise.ts';
import { KIND_TEXT, type SavedFile, sourceOf } from './saved-file.ts';

const MIB = 1_048_576;

interface FileOption {
  /** By the long name of the option in camel case. */
  readonly option: string;
  readonly kind: SavedFile['kind'];
  /** What is longer is another file. */
  readonly maxBytes: number;
  /** What its content must look like; by its name it always does. */
  readonly looksLike: readonly SavedKind[];
  /** The name that such a file has on a node. */
  readonly usualName: string;
}

const OPTIONS: readonly FileOption[] = [
  { option: 'podJson', kind: 'objects', maxBytes: MAX_BYTES, looksLike: ['objects'], usualName: 'pods.json' },
  { option: 'log', kind: 'log', maxBytes: 16 * MIB, looksLike: ['log', 'journal'], usualName: 'coredns.log' },
  { option: 'corefile', kind: 'corefile', maxBytes: MIB, looksLike: ['corefile'], usualName: 'Corefile' },
  ...['podResolvConf', 'resolvConf'].map(
    (option): FileOption => ({
      option,
      kind: option === 'resolvConf' ? 'resolv-conf' : 'pod-resolv-conf',
      maxBytes: MIB,
      looksLike: ['resolv-conf'],
      usualName: 'resolv.conf',
    }),
  ),
  {
    option: 'kubeletConfig',
    kind: 'kubelet-config',
    maxBytes: MIB,
    looksLike: ['kubelet-config'],
    usualName: 'config.yaml',
  },
  { option: 'unit', kind: 'unit', maxBytes: MIB, looksLike: ['unit'], usualName: 'kubelet.service' },
  { option: 'flags', kind: 'flags', maxBytes: MIB, looksLike: ['flags', 'unit'], usualName: 'kubelet.env' },
  { option: 'configz', kind: 'configz', maxBytes: MIB, looksLike: ['configz'], usualName: 'configz.json' },
];

export function hasFileOptions(options: OptionValues): boolean {
  return OPTIONS.some(({ option }) => options[option] !== undefined);
}

/** @throws PluginError */
export async function filesFromOptions(options: OptionValues): Promise<readonly SavedFile[]> {
  const files: SavedFile[] = [];
  for (const spec of OPTIONS)
    for (const given of valuesOf(options[spec.option])) {
      const { kind, maxBytes } = spec;
      const { path, onNode } = splitPath(given);
      const text = await readSavedFile(path, maxBytes);
      refuseOthers(path, text, spec);
      files.push({ path, kind, text, source: onNode ?? sourceOf(path, text) });
    }
  return files;
}

/** A file that was mixed up with another would be silently judged as one without any fault. */
function refuseOthers(path: string, text: string, { looksLike, usualName }: FileOption): void {
  const kind = recognise(usualName, text);
  if (kind !== null && looksLike.includes(kind)) return;
  const wanted = looksLike.map((each) => KIND_TEXT[each]).join(' or ');
  throw new PluginError(
    kind === null
      ? `${path} does not look like ${wanted}, or is cut off`
      : `${path} looks like ${KIND_TEXT[kind]}, not like ${wanted}`,
  );
}

function valuesOf(value: OptionValues[string]): readonly string[] {
  if (typeof value === 'string') return [value];
  return Array.isArray(value) ? (value as readonly string[]) : [];
}

/** `/etc/resolv.conf=saved.txt` says where on the node the file was, unless that is the name of a file. */
function splitPath(given: string): { readonly path: string; readonly onNode?: string } {
  const [, onNode, path] = /^(\/[^=]*)=(.+)$/.exec(given) ?? [];
  if (onNode === undefined || path === undefined || existsSync(given)) return { path: given };
  return { path, onNode };
}
