/** The kubelet's configuration file as a journaled change knows it: which content it has, and the old one back. */

import { SafeDirectory, temporaryOf } from '../files/safe-directory.ts';
import { isTorn } from '../files/torn.ts';
import type { Log } from '../log.ts';
import { type Journal, type JournalStore, sha256 } from './journal.ts';

export interface FileContext {
  readonly hostRoot: string;
  readonly trustedUid: number;
  readonly journals: JournalStore;
}

export interface LookedAt {
  /** `torn`: a mixture of both that a killed write in place has left. */
  readonly holds: 'old' | 'new' | 'torn' | 'foreign';
  readonly sinceMs: number;
}

export type Restored =
  | { readonly kind: 'restored' }
  | { readonly kind: 'foreign' }
  | { readonly kind: 'failed'; readonly why: string };

/** Which of the known contents the file has, and since when. */
export function lookAtFile(journal: Journal, context: FileContext): LookedAt {
  const directory = directoryOf(journal, context);
  try {
    const file = directory.read(journal.file.name);
    return { holds: contentOf(file?.bytes, journal, context), sinceMs: file?.stats.ctimeMs ?? 0 };
  } finally {
    directory.close();
  }
}

/** Puts the old bytes back. A file that is neither ours nor the old one is not touched. */
export function restore(journal: Journal, context: FileContext & { readonly log: Log }): Restored {
  try {
    const directory = directoryOf(journal, context);
    try {
      const file = directory.read(journal.file.name);
      const holds = contentOf(file?.bytes, journal, context);
      if (holds === 'old') return { kind: 'restored' };
      if (file === undefined || holds === 'foreign') return { kind: 'foreign' };
      const backup = context.journals.readCopy(journal, journal.change.sha256Before);
      if (backup === undefined)
        return { kind: 'failed', why: `the backup ${journal.change.backup} is damaged` };
      if (journal.inPlace) directory.writeInPlace(journal.file.name, backup, file);
      else directory.replace(journal.file.name, backup, file.stats);
      context.log('old bytes restored', { path: journal.change.path, was: holds, inPlace: journal.inPlace });
      return { kind: 'restored' };
    } finally {
      directory.close();
    }
  } catch (error) {
    // The bytes may be there and only their fsync failed: a kubelet that is down needs them more than a promise.
    if (holdsQuietly(journal, context) === 'old') return { kind: 'restored' };
    return { kind: 'failed', why: String(error) };
  }
}

function directoryOf(
  { file, inPlace }: Pick<Journal, 'file' | 'inPlace'>,
  { hostRoot, trustedUid }: FileContext,
): SafeDirectory {
  return inPlace
    ? SafeDirectory.openOfKubelet(hostRoot, file.directory, trustedUid)
    : SafeDirectory.open(hostRoot, file.directory, trustedUid);
}

function contentOf(
  bytes: Uint8Array | undefined,
  journal: Journal,
  { journals }: FileContext,
): LookedAt['holds'] {
  if (bytes === undefined) return 'foreign';
  const { sha256Before, sha256After } = journal.change;
  const sum = sha256(bytes);
  if (sum === sha256After) return 'new';
  if (sum === sha256Before) return 'old';
  if (!journal.inPlace) return 'foreign';
  const [old, edited] = [journals.readCopy(journal, sha256Before), journals.readCopy(journal, sha256After)];
  return old && edited && isTorn(bytes, old, edited) ? 'torn' : 'foreign';
}

/** The names in the file's directory, without what a killed run of ours has left there. */
export function namesBeside(
  { file, inPlace }: Pick<Journal, 'file' | 'inPlace'>,
  context: FileContext,
): readonly string[] {
  const directory = directoryOf({ file, inPlace }, context);
  try {
    return directory
      .list()
      .map(({ name }) => name)
      .filter((name) => name !== temporaryOf(file.name))
      .toSorted();
  } finally {
    directory.close();
  }
}

/** For a look that must not end the run: what cannot be read is not known. */
export function holdsQuietly(journal: Journal, context: FileContext): LookedAt['holds'] {
  try {
    return lookAtFile(journal, context).holds;
  } catch {
    return 'foreign';
  }
}
