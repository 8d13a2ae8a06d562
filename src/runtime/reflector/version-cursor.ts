/** Which version of the world a reflector is at. It never runs backwards, unless the server insists. */
import { isOlder } from '../resource-version.ts';

/** So many lists in a row with an older version are believed: etcd was restored from a backup. */
const BELIEVE_OLDER_AFTER = 3;

interface VersionCursor {
  /** Where the next watch begins; undefined: everything has to be read anew. */
  readonly from: string | undefined;
  /** The last list was older than what is known: then two objects of one version need not be the same. */
  readonly isDoubted: boolean;
  /**
   * Everything was read as of this version.
   * @throws Error where that is older than what is known: one of several servers is behind.
   */
  listed(version: string): void;
  /** Whether an event of this version is news. A late or repeated one must not bring an old object back. */
  reached(version: string | undefined): boolean;
  /** The server no longer knows the version. */
  expire(): void;
}

export function createVersionCursor(): VersionCursor {
  let from: string | undefined;
  let newest: string | undefined;
  let olderLists = 0;
  return {
    get from() {
      return from;
    },
    get isDoubted() {
      return olderLists > 0;
    },
    listed(version) {
      if (isOlder(version, newest) && ++olderLists < BELIEVE_OLDER_AFTER)
        throw new Error(`the list is older (${version}) than what is known (${String(newest)})`);
      olderLists = 0;
      from = version;
      newest = version;
    },
    reached(version) {
      if (!version) return true;
      if (isOlder(version, from)) return false;
      from = version;
      newest = version;
      return true;
    },
    expire() {
      from = undefined;
    },
  };
}
