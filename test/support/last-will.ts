/** Kills what a test started and removes its folder when the test process ends, even by SIGKILL. */
import { spawn } from 'node:child_process';

export interface LastWill {
  /** The processes to kill, in place of those named before. */
  names(pids: readonly number[]): void;
  /** Kills and removes now. */
  execute(): Promise<void>;
}

/**
 * A shell that waits on a pipe from this process. An exit handler would not run when vitest kills a worker, and each
 * orphaned apiserver takes 300 MB.
 */
export function lastWill(folder: string): LastWill {
  const script =
    'while read -r line; do pids=$line; done; [ -z "$pids" ] || kill -9 $pids 2>/dev/null; rm -rf -- "$0"';
  const shell = spawn('/bin/sh', ['-c', script, folder], {
    stdio: ['pipe', 'ignore', 'ignore'],
    // In its own process group: a Ctrl-C in the terminal would kill the shell first.
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
