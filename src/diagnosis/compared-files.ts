/** What a comparison of the kubelet's files with the running kubelet shows. Pure. */
import type { ComparedFiles } from '../api/agent-protocol.ts';

export type FilesVerdict =
  | 'both-right'
  | 'both-wrong'
  /** The next start of the kubelet makes it wrong. */
  | 'wrong-in-file'
  /** The next start of the kubelet makes it right: recovered, but not yet in effect. */
  | 'right-in-file'
  | 'unclear';

/**
 * Where the two differ, a file must have changed since the kubelet was started. Without that the difference has another
 * reason, for example a resolv.conf that was written while it was compared.
 */
export function verdictOn({ running, inFile, changed }: ComparedFiles): FilesVerdict {
  if (running === 'unclear' || inFile === 'unclear') return 'unclear';
  if (running === inFile) return running === 'right' ? 'both-right' : 'both-wrong';
  if (changed.length === 0) return 'unclear';
  return running === 'right' ? 'wrong-in-file' : 'right-in-file';
}
