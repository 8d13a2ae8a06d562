/** Kills what a test started and removes its folder when the test process is gone, however it went, SIGKILL included. */
import { spawn } from 'node:child_process';

export interface LastWill {
  /** The processes to kill from now on, in place of those named before. */
  names(pids: readonly number[]): void;
  /** Carries the will out now. */
  execute(): Promise<void>;
}

/**
 * A shell that waits on a pipe from this process. Not an exit handler: that does not run when vitest kills a worker,
 * and an orphaned apiserver takes 300 MB each.
 */
export function lastWill(folder: string): LastWill {
  const script =
    'while read -r line; do pids=$line; done; [ -z "$pids" ] || kill -9 $pids 2>/dev/null; rm -rf -- "$0"';
  const shell = spawn('/bin/sh', ['-c', script, folder], {
    stdio: ['pipe', 'ignore', 'ignore'],
    // Out of reach of a Ctrl-C in the terminal, which would kill the shell before its time.
    detached: true,
  });
  const gone = new Promise<void>((resolve) => {
    shell.once('exit', () => resolve());
  });
  // A test that forgot to stop its server must not keep the process alive.
  shell.unref();
  return {
    names: (pids) => {
      shell.stdin.write(`${pids.join(' ')}\n`);
    },
    execute: async () => {
      shell.ref();
      shell.stdin.end();
      await gone;
    },
  };
}
