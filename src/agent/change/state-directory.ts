/** Opens the agent's directory on the node, takes the lock, and gives all of it back at the end. */
import { STATE_DIRECTORY } from '../../api/agent-protocol.ts';
import { SafeDirectory } from '../files/safe-directory.ts';
import type { Log } from '../log.ts';
import { JournalStore } from './journal.ts';
import { takeLock } from './lock.ts';

interface StateContext {
  readonly hostRoot: string;
  readonly trustedUid: number;
  readonly log: Log;
}

/** The name becomes a directory of the node. */
const SAFE_NAME = /^[a-z0-9]([-a-z0-9.]{0,250}[a-z0-9])?$/;

export async function withJournals<T>(
  remediation: string,
  { hostRoot, trustedUid, log }: StateContext,
  use: (journals: JournalStore) => Promise<T>,
): Promise<T> {
  if (!SAFE_NAME.test(remediation)) throw new Error('the name of the remediation is no object name');
  const directory = SafeDirectory.open(hostRoot, STATE_DIRECTORY, trustedUid);
  try {
    const lock = await takeLock(directory);
    try {
      return await use(new JournalStore(directory, log));
    } finally {
      lock.release();
    }
  } finally {
    directory.close();
  }
}
