/** The files below a directory, in a stable order, within bounds: a saved tree may be a whole disk, or contain itself. */
import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { PluginError } from '../../errors.ts';

/** A `cluster-info dump` has some hundred files, a must-gather some thousand. */
export const MAX_FILES = 10_000;
const MAX_DEPTH = 16;

export interface Walk {
  readonly files: readonly string[];
  /** What was left out, and why: symbolic links, devices, directories that cannot be read, and what is beyond the bounds. */
  readonly skipped: readonly { readonly path: string; readonly why: string }[];
}

/** @throws PluginError if `root` is not a directory that can be read */
export async function walk(root: string): Promise<Walk> {
  const files: string[] = [];
  const skipped: { path: string; why: string }[] = [];

  async function visit(directory: string, depth: number): Promise<void> {
    const entries = await readdir(directory, { withFileTypes: true });
    for (const entry of entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
      const path = join(directory, entry.name);
      if (files.length >= MAX_FILES) {
        skipped.push({ path: directory, why: `more than ${MAX_FILES} files` });
        return;
      }
      if (entry.isFile()) files.push(path);
      else if (!entry.isDirectory())
        // Not followed: in a tree that was copied from a node they lead to files of this machine, or in circles.
        skipped.push({ path, why: entry.isSymbolicLink() ? 'a symbolic link' : 'not a regular file' });
      else if (depth >= MAX_DEPTH) skipped.push({ path, why: `more than ${MAX_DEPTH} directories deep` });
      else
        try {
          await visit(path, depth + 1);
        } catch (error) {
          skipped.push({ path, why: textOf(error) });
        }
    }
  }

  await refuseOthers(root);
  try {
    await visit(root, 0);
  } catch (error) {
    throw new PluginError(`${root} cannot be read: ${textOf(error)}`, { cause: error });
  }
  return { files, skipped };
}

async function refuseOthers(root: string): Promise<void> {
  const stat = await lstat(`${root}/`).catch((error: unknown) => {
    throw new PluginError(`${root} is not a directory that can be read: ${textOf(error)}`, {
      cause: error,
    });
  });
  if (!stat.isDirectory()) throw new PluginError(`${root} is not a directory`);
}

const textOf = (error: unknown): string => {
  const code: unknown = error instanceof Error ? Reflect.get(error, 'code') : undefined;
  if (code === 'EACCES') return 'permission denied';
  if (code === 'ENOENT') return 'it does not exist';
  if (code === 'ENOTDIR') return 'it is a file';
  return error instanceof Error ? error.message : String(error);
};
