/**
 * One agent at a time on a node: a listening Unix socket in the state directory.
 *
 * Not a file with a pid, because a pid means nothing in another container; not one with an expiry, because a killed
 * agent would lock its successor out for the minutes in which a half-done repair must be finished. The kernel knows
 * whether a process listens, and stops the listening when that process dies, however it dies.
 */
import { randomBytes } from 'node:crypto';
import { renameSync, unlinkSync } from 'node:fs';
import { createConnection, createServer, type Server } from 'node:net';
import type { SafeDirectory } from '../files/safe-directory.ts';
import { Refused } from '../refused.ts';

const NAME = 'lock.sock';

interface Lock {
  readonly release: () => void;
}

export async function takeLock(directory: SafeDirectory): Promise<Lock> {
  const path = directory.pathOf(NAME);
  for (let attempt = 0; attempt < 3; attempt++) {
    const server = await listen(path);
    if (server !== undefined) return { release: () => server.close() };
    if ((await isAlive(path)) || !(await removeStale(directory, path))) break;
  }
  throw new Refused('Locked', 'Another agent is working on this node.');
}

/** Undefined where the name is taken, by a running agent or by the leftover of a dead one. */
async function listen(path: string): Promise<Server | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer((connection) => connection.destroy());
    // The lock must not keep the process alive.
    server.unref();
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve(undefined);
      else reject(error);
    });
    server.listen(path, () => resolve(server));
  });
}

async function isAlive(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const connection = createConnection(path);
    connection.once('connect', () => {
      connection.destroy();
      resolve(true);
    });
    connection.once('error', () => resolve(false));
  });
}

/**
 * False if the socket that was moved away turns out to be alive: another successor found the dead socket as well and was
 * quicker. Not by unlink, which cannot detect that and would leave two holders.
 */
async function removeStale(directory: SafeDirectory, path: string): Promise<boolean> {
  const aside = directory.pathOf(`.lock-${randomBytes(6).toString('hex')}`);
  try {
    renameSync(path, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return true;
    throw error;
  }
  if (await isAlive(aside)) {
    renameSync(aside, path);
    return false;
  }
  unlinkSync(aside);
  return true;
}
