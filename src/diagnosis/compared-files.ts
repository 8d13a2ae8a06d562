/** What a comparison of the kubelet's files with the running kubelet shows. Pure. */
import type { ComparedFiles } from '../api/agent-protocol.ts';
import type { FilesVerdict } from '../api/node-check-record.ts';

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
