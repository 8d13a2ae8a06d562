/** Reads a directory of saved files: recognises each by its content and name, and says what it was taken for. */
import { relative } from 'node:path';
import { PluginError } from '../../errors.ts';
import { HEAD_BYTES, MAX_BYTES, readSavedFile, readStart } from '../../terminal/saved-file.ts';
import type { TakenFile } from '../gathered.ts';
import { recognise } from './recognise.ts';
import { KIND_TEXT, type SavedFile, sourceOf } from './saved-file.ts';
import { walk } from './walk.ts';

/** Of all files together: what a person has saved for this, and not a disk. */
const MAX_TOTAL_BYTES = 4 * MAX_BYTES;

export interface SavedDirectory {
  readonly files: readonly SavedFile[];
  readonly taken: readonly TakenFile[];
}

/** @throws PluginError if it is not a directory that can be read, or nothing in it was recognised */
export async function filesFromDirectory(root: string): Promise<SavedDirectory> {
  const { files: paths, skipped } = await walk(root);
  const files: SavedFile[] = [];
  const taken: TakenFile[] = skipped.map(({ path, why }) => ({ path, as: null, why }));
  let total = 0;
  for (const path of paths) {
    try {
      const file = total > MAX_TOTAL_BYTES ? 'too-much' : await readRecognised(path, relative(root, path));
      if (file === null) taken.push({ path, as: null, why: 'not recognised' });
      else if (file === 'too-much')
        taken.push({ path, as: null, why: 'the files before it already have 128 MiB' });
      else {
        total += file.text.length;
        files.push(file);
        taken.push({ path, as: KIND_TEXT[file.kind] });
      }
    } catch (error) {
      if (!(error instanceof PluginError)) throw error;
      taken.push({ path, as: null, why: error.message.replace(`${path} `, '') });
    }
  }
  if (files.length === 0)
    throw new PluginError(
      `nothing in ${root} was recognised (${paths.length} files); it may hold logs of CoreDNS, pods as JSON or YAML, resolv.conf files, and the kubelet's configuration, flags, unit and configz`,
    );
  return { files, taken };
}

/** Null if it is nothing that is known. */
async function readRecognised(path: string, below: string): Promise<SavedFile | null> {
  const start = await readStart(path, HEAD_BYTES);
  const kind = recognise(below, start.text);
  if (kind === null) return null;
  const text = start.isWhole ? start.text : await readSavedFile(path);
  return { path, kind, text, source: sourceOf(below, text) };
}
