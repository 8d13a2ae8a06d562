/** The last repair of a file of this node that was kept, from the finished journals. */
import type { LastRepair } from '../decide/rewritten.ts';
import type { JournalStore } from './journal.ts';

/** By path without links: the journal names the directory that was written in. */
export const lastRepairOf =
  (journals: Pick<JournalStore, 'allFinished'>) =>
  (path: string): LastRepair | undefined => {
    const last = journals
      .allFinished()
      .filter(({ outcome, file }) => outcome === 'repaired' && `${file.directory}/${file.name}` === path)
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
