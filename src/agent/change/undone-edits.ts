/** Finds an edit that an earlier run undid while the kubelet ran on: the file is newer, yet nothing is pending. */
import type { UndoneEdit } from '../decide/pending.ts';
import type { KubeletState } from '../unit/kubelet-unit.ts';
import { type FileContext, JournaledFile } from './journaled-file.ts';

export function findUndoneEdit(
  { mainPid, startedAtMs }: KubeletState,
  context: FileContext,
): UndoneEdit | undefined {
  const journal = context.journals.allFinished().find(
    (finished) =>
      // The old bytes of a file that was changed alone are newer than the kubelet, which has never read them.
      finished.restart !== false &&
      finished.pidBefore === mainPid &&
      startedAtMs <= Date.parse(finished.times.written ?? '') &&
      new JournaledFile(finished, context).isKnownToBeOld(),
  );
  if (journal === undefined) return undefined;
  const { change, file, beside, pidBefore, times } = journal;
  const hasSameNames = new JournaledFile(journal, context).names().join('/') === beside.join('/');
  return {
    path: change.path,
    directory: hasSameNames ? file.directory : undefined,
    pid: pidBefore,
    writtenMs: Date.parse(times.written ?? ''),
  };
}
