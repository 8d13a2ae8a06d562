/** The resourceVersion a reflector is at. It never goes back, except when several lists in a row confirm an older one. */
import { isOlder } from '../resource-version.ts';

/** After this many lists in a row with an older version it is accepted: etcd was restored from a backup. */
const ACCEPT_OLDER_AFTER = 3;

interface VersionCursor {
  /** The version from which the next watch starts; undefined if a new list is needed. */
  readonly from: string | undefined;
  /** The last list was older than the current version, so objects of the same version may differ. */
  readonly isDoubted: boolean;
  /**
   * Takes the version of a complete list.
   * @throws Error if it is older than the current version, because one of several API servers is behind
   */
  listed(version: string): void;
  /** Takes the version of an event. @returns false for an old or repeated event, which must not be applied */
  reached(version: string | undefined): boolean;
  /** The server no longer has the version. */
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
      if (isOlder(version, newest) && ++olderLists < ACCEPT_OLDER_AFTER)
        throw new Error(`the list is older (${version}) than the current version (${String(newest)})`);
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
