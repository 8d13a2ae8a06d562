/**
 * One agent at a time on a node: a listening Unix socket in the state directory.
 *
 * Not a file with a pid, because a pid means nothing in another container; not one with an expiry, because a killed
 * agent would lock its successor out for the minutes in which a half-done repair must be finished. The kernel knows
 * whether a process listens, and stops the listening when that process dies, however it dies.
 *
 * The guard of a repair connects to the lock of its agent and keeps the connection: the agent sees that it is guarded,
 * and the guard sees the agent's end at once, however it comes.
 */
import { randomBytes } from 'node:crypto';
import { renameSync } from 'node:fs';
import { createConnection, createServer, type Socket } from 'node:net';
import { Refused } from '../../api/refused.ts';
import type { SafeDirectory } from '../files/safe-directory.ts';

const NAME = 'lock.sock';

/** Answers the guard whose greeting is the one expected. Anything else on the connection is a question whether it lives. */
const WELCOME = 'guard\n';
const MAX_GREETING = 256;

interface Lock {
  /** Whether the guard that was expected is connected now. */
  readonly isGuarded: () => boolean;
  readonly release: () => void;
}

/** @param guard the greeting of the guard that belongs to this run, if any */
export async function takeLock(directory: SafeDirectory, guard?: string): Promise<Lock> {
  const path = directory.pathOf(NAME);
  for (let attempt = 0; attempt < 3; attempt++) {
    const listening = await listen(path, guard);
    if (listening !== undefined) return listening;
    if ((await isAlive(path)) || !(await removeStale(directory, path))) break;
  }
  throw new Refused('Locked', 'Another agent is working on this node.');
}

/** Undefined where the name is taken, by a running agent or by the leftover of a dead one. */
async function listen(path: string, guard: string | undefined): Promise<Lock | undefined> {
  const open = new Set<Socket>();
  const guards = new Set<Socket>();
  return new Promise((resolve, reject) => {
    const server = createServer((connection) => {
      open.add(connection);
      connection.unref();
      connection.once('close', () => [open, guards].forEach((set) => set.delete(connection)));
      // The other end closes it, or its process has ended.
      connection.on('error', () => connection.destroy());
      receiveGreeting(connection, (greeting) => {
        if (greeting === guard) {
          guards.add(connection);
          connection.write(WELCOME);
        } else connection.destroy();
      });
    });
    // The lock must not keep the process alive.
    server.unref();
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve(undefined);
      else reject(error);
    });
    const release = (): void => {
      server.close();
      for (const connection of open) connection.destroy();
    };
    server.listen(path, () => resolve({ isGuarded: () => guards.size > 0, release }));
  });
}

function receiveGreeting(connection: Socket, onGreeting: (greeting: string) => void): void {
  let text = '';
  connection.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
    const end = text.indexOf('\n');
    if (end >= 0) onGreeting(text.slice(0, end));
    else if (text.length > MAX_GREETING) connection.destroy();
  });
}

/**
 * Connects to the agent that holds the lock, as its guard, and waits for the agent's end.
 *
 * @returns false where no agent holds the lock, or one that expects another guard
 */
export async function followAgent(
  directory: SafeDirectory,
  guard: string,
  onWelcome: () => void,
): Promise<boolean> {
  return new Promise((resolve) => {
    const connection = createConnection(directory.pathOf(NAME));
    let isWelcome = false;
    connection.once('connect', () => connection.write(`${guard}\n`));
    connection.once('data', () => {
      isWelcome = true;
      onWelcome();
    });
    connection.resume();
    // ECONNREFUSED and ENOENT: there is no agent. ECONNRESET: it has just ended. Both close the connection.
    connection.on('error', () => connection.destroy());
    connection.once('close', () => resolve(isWelcome));
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
  const name = `.lock-${randomBytes(6).toString('hex')}`;
  const aside = directory.pathOf(name);
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
  directory.remove(name);
  return true;
}
