/** Opens the agent's directory on the node, takes its lock, and releases both at the end. */
import { STATE_DIRECTORY } from '../../api/agent-protocol.ts';
import { SafeDirectory } from '../files/safe-directory.ts';
import { JournalStore } from './journal.ts';
import { takeLock } from './lock.ts';
import type { SettleContext } from './settled.ts';

interface LockRequest {
  readonly remediation: string;
  readonly nodeIP?: string | undefined;
  /** Greeting of the guard that belongs to this run, if any. */
  readonly guard?: string | undefined;
}

interface LockContext extends Omit<SettleContext, 'journals' | 'kubeletServes' | 'isGuarded'> {
  readonly kubeletServes: (nodeIP: string) => Promise<boolean>;
}

/** The name becomes a directory on the node. */
const SAFE_NAME = /^[a-z0-9]([-a-z0-9.]{0,250}[a-z0-9])?$/;

export async function withLock<T>(
  { remediation, nodeIP, guard }: LockRequest,
  context: LockContext,
  use: (context: SettleContext) => Promise<T>,
): Promise<T> {
  return withStateDirectory(remediation, context, async (directory) => {
    const lock = await takeLock(directory, guard);
    try {
      const kubeletServes = async () => nodeIP !== undefined && context.kubeletServes(nodeIP);
      const journals = new JournalStore(directory, context.log);
      return await use({ ...context, journals, kubeletServes, isGuarded: lock.isGuarded });
    } finally {
      lock.release();
    }
  });
}

export async function withStateDirectory<T>(
  remediation: string,
  { hostRoot, trustedUid }: Pick<LockContext, 'hostRoot' | 'trustedUid'>,
  use: (directory: SafeDirectory) => Promise<T>,
): Promise<T> {
  if (!SAFE_NAME.test(remediation))
    throw new Error(`${JSON.stringify(remediation)} is not a valid object name`);
  const directory = SafeDirectory.open(hostRoot, STATE_DIRECTORY, trustedUid);
  try {
    return await use(directory);
  } finally {
    directory.close();
  }
}
