/** Finds what runs before this one have undone while the kubelet ran on, so that it is not taken for a pending edit. */
import type { UndoneEdit } from '../decide/facts.ts';
import type { KubeletState } from '../unit/kubelet-unit.ts';
import { type FileContext, holdsQuietly, namesBeside } from './journaled-file.ts';

export function findUndoneEdit(
  { mainPid, startedAtMs }: KubeletState,
  context: FileContext,
): UndoneEdit | undefined {
  const journal = context.journals
    .allFinished()
    .find(
      (ended) =>
        ended.pidBefore === mainPid &&
        startedAtMs <= Date.parse(ended.times.written ?? '') &&
        holdsQuietly(ended, context) === 'old',
    );
  return (
    journal && {
      path: journal.change.path,
      directory: isSame(namesBeside(journal, context), journal.beside) ? journal.file.directory : undefined,
      pid: journal.pidBefore,
      writtenMs: Date.parse(journal.times.written ?? ''),
    }
  );
}

const isSame = (a: readonly string[], b: readonly string[]): boolean => a.join('/') === b.join('/');
