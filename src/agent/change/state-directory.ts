/** Opens the agent's directory on the node, takes its lock, and releases both at the end. */
import { STATE_DIRECTORY } from '../../api/agent-protocol.ts';
import { SafeDirectory } from '../files/safe-directory.ts';
import { JournalStore } from './journal.ts';
import { takeLock } from './lock.ts';
import type { SettleContext } from './settle.ts';

interface LockRequest {
  readonly remediation: string;
  readonly nodeIP?: string | undefined;
}

interface LockContext extends Omit<SettleContext, 'journals' | 'kubeletServes'> {
  readonly kubeletServes: (nodeIP: string) => Promise<boolean>;
}

/** The name becomes a directory on the node. */
const SAFE_NAME = /^[a-z0-9]([-a-z0-9.]{0,250}[a-z0-9])?$/;

export async function withLock<T>(
  { remediation, nodeIP }: LockRequest,
  context: LockContext,
  use: (context: SettleContext) => Promise<T>,
): Promise<T> {
  if (!SAFE_NAME.test(remediation))
    throw new Error(`${JSON.stringify(remediation)} is not a valid object name`);
  const { hostRoot, trustedUid, log } = context;
  const directory = SafeDirectory.open(hostRoot, STATE_DIRECTORY, trustedUid);
  try {
    const lock = await takeLock(directory);
    try {
      const kubeletServes = async () => nodeIP !== undefined && context.kubeletServes(nodeIP);
      return await use({ ...context, journals: new JournalStore(directory, log), kubeletServes });
    } finally {
      lock.release();
    }
  } finally {
    directory.close();
  }
}
