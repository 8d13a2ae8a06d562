/** The file of a journaled change: which of the known contents it has, and how its old bytes come back. */
import { errorText } from '../error-text.ts';
import type { SafeFile } from '../files/host-tree.ts';
import { SafeDirectory, temporaryOf } from '../files/safe-directory.ts';
import { isTorn } from '../files/torn.ts';
import type { Log } from '../log.ts';
import { type Journal, type JournalStore, sha256 } from './journal.ts';

export interface FileContext {
  readonly hostRoot: string;
  readonly trustedUid: number;
  readonly journals: JournalStore;
  readonly log: Log;
}

/** `torn`: a mixture of both, left by a write in place that was killed. */
type Content = 'old' | 'new' | 'torn' | 'foreign';

interface FileState {
  readonly holds: Content;
  /** When the inode last changed; 0 where the file is missing. */
  readonly changedAtMs: number;
}

export type Restored =
  | { readonly kind: 'restored'; readonly changedAtMs: number }
  | { readonly kind: 'foreign' }
  | { readonly kind: 'failed'; readonly why: string };

export class JournaledFile {
  readonly #journal: Journal;
  readonly #context: FileContext;

  constructor(journal: Journal, context: FileContext) {
    this.#journal = journal;
    this.#context = context;
  }

  /** Read from the node on each call. */
  state(): FileState {
    return this.#inDirectory((directory) => this.#stateOf(this.#readIn(directory)));
  }

  holds(): Content {
    return this.state().holds;
  }

  /** For checks that must not end the run: false where the file cannot be read. */
  isKnownToBeOld(): boolean {
    return this.#stateIfReadable()?.holds === 'old';
  }

  /** The names in the file's directory. */
  names(): readonly string[] {
    return this.#inDirectory((directory) => namesIn(directory, this.#journal.file.name));
  }

  /** Writes the old bytes back, unless the file holds something that is neither old nor ours. */
  restore(): Restored {
    try {
      return this.#inDirectory((directory) => this.#restoreIn(directory));
    } catch (error) {
      // Perhaps only the fsync failed. A kubelet that is down needs the old bytes, whether they are synced or not.
      const state = this.#stateIfReadable();
      if (state?.holds === 'old') return { kind: 'restored', changedAtMs: state.changedAtMs };
      return { kind: 'failed', why: errorText(error) };
    }
  }

  #restoreIn(directory: SafeDirectory): Restored {
    const { file, change, inPlace } = this.#journal;
    const found = this.#readIn(directory);
    const { holds, changedAtMs } = this.#stateOf(found);
    if (holds === 'old') return { kind: 'restored', changedAtMs };
    if (found === undefined || holds === 'foreign') return { kind: 'foreign' };
    const backup = this.#context.journals.readCopy(this.#journal, change.sha256Before);
    if (backup === undefined) return { kind: 'failed', why: `the backup ${change.backup} is damaged` };
    if (inPlace) directory.writeInPlace(file.name, backup, found);
    else directory.replace(file.name, backup, found.stats);
    this.#context.log('old bytes restored', { path: change.path, replaced: holds, inPlace });
    return { kind: 'restored', changedAtMs: this.#stateOf(this.#readIn(directory)).changedAtMs };
  }

  #readIn(directory: SafeDirectory): SafeFile | undefined {
    return directory.read(this.#journal.file.name);
  }

  #stateOf(file: SafeFile | undefined): FileState {
    if (file === undefined) return { holds: 'foreign', changedAtMs: 0 };
    return { holds: this.#contentOf(file.bytes), changedAtMs: file.stats.ctimeMs };
  }

  #contentOf(bytes: Uint8Array): Content {
    const { sha256Before, sha256After } = this.#journal.change;
    const sum = sha256(bytes);
    if (sum === sha256After) return 'new';
    if (sum === sha256Before) return 'old';
    if (!this.#journal.inPlace) return 'foreign';
    const { journals } = this.#context;
    const old = journals.readCopy(this.#journal, sha256Before);
    const edited = journals.readCopy(this.#journal, sha256After);
    return old && edited && isTorn(bytes, old, edited) ? 'torn' : 'foreign';
  }

  #stateIfReadable(): FileState | undefined {
    try {
      return this.state();
    } catch (error) {
      this.#context.log('journaled file unreadable', {
        path: this.#journal.change.path,
        error: String(error),
      });
      return undefined;
    }
  }

  #inDirectory<T>(use: (directory: SafeDirectory) => T): T {
    const { hostRoot, trustedUid } = this.#context;
    const { file, inPlace } = this.#journal;
    const directory = inPlace
      ? SafeDirectory.openOfKubelet(hostRoot, file.directory, trustedUid)
      : SafeDirectory.open(hostRoot, file.directory, trustedUid);
    try {
      return use(directory);
    } finally {
      directory.close();
    }
  }
}

/** The names in a directory, without the temporary file that a killed run may have left there. */
export function namesIn(directory: SafeDirectory, file: string): readonly string[] {
  return directory
    .list()
    .map(({ name }) => name)
    .filter((name) => name !== temporaryOf(file))
    .toSorted();
}
