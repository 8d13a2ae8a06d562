/** The last repair of a file of this node that was kept, from the finished journals. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { STATE_DIRECTORY } from '../../api/agent-protocol.ts';
import { Refused } from '../../api/refused.ts';
import type { LastRepair } from '../decide/rewritten.ts';
import { SafeDirectory } from '../files/safe-directory.ts';
import type { WriteContext } from '../run-verb.ts';
import { JournalStore } from './journal.ts';

/** By path without links: the journal names the directory that was written in. */
export const lastRepairOf =
  (journals: Pick<JournalStore, 'allFinished'>) =>
  (path: string): LastRepair | undefined => {
    const kept = journals
      .allFinished()
      .filter(({ outcome }) => outcome === 'repaired' || outcome === 'corrected');
    // Taken back on request: the wrong value in the file is then nobody's doing but ours.
    const reverted = new Set(kept.map(({ reverts }) => reverts));
    const last = kept
      .filter(
        ({ remediation, reverts, file }) =>
          reverts === undefined && !reverted.has(remediation) && `${file.directory}/${file.name}` === path,
      )
      .toSorted((a, b) => a.bytesSinceMs - b.bytesSinceMs)
      .at(-1);
    return (
      last && {
        remediation: last.remediation,
        writtenAt: last.times.written,
        path,
        sha256Before: last.change.sha256Before,
        sha256After: last.change.sha256After,
      }
    );
  };

/** The same without the lock, for a run that writes nothing; undefined where the journals are not mounted. */
export const lastRepairSeen =
  ({ hostRoot, trustedUid, log }: Pick<WriteContext, 'hostRoot' | 'trustedUid' | 'log'>) =>
  (path: string): LastRepair | undefined => {
    if (!existsSync(join(hostRoot, STATE_DIRECTORY))) return undefined;
    try {
      const directory = SafeDirectory.open(hostRoot, STATE_DIRECTORY, trustedUid);
      try {
        return lastRepairOf(new JournalStore(directory, log))(path);
      } finally {
        directory.close();
      }
    } catch (error) {
      // It only helps to explain what happened, which can be seen without it.
      if (!(error instanceof Refused)) throw error;
      log('journals not readable', { error: error.message });
      return undefined;
    }
  };
