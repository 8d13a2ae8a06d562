/** Runs a program to its end and collects what it printed; everything in the rig that is short-lived goes through here. */
import { AsyncLocalStorage } from 'node:async_hooks';
import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';

export interface RunResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly input?: string | Uint8Array;
  /** A file to read the input from, instead of `input`. */
  readonly inputFile?: string;
  readonly cwd?: string;
  /** Added to the environment of this process. */
  readonly env?: Readonly<Record<string, string>>;
  readonly timeoutMs?: number;
  /** Give the result of a failed program back instead of throwing. @default false */
  readonly allowFailure?: boolean;
  /** Called with each line of both outputs as it comes. */
  readonly onLine?: (line: string) => void;
}

/** A program that could not be started, failed, or took too long; the message shows the end of what it said. */
export class RunError extends Error {
  readonly argv: readonly string[];
  readonly result: RunResult;

  constructor(argv: readonly string[], result: RunResult) {
    const said = `${result.stdout}\n${result.stderr}`.trim().slice(-2000);
    super(`${argv.slice(0, 6).join(' ')} ended with ${result.code}: ${said}`);
    this.name = 'RunError';
    this.argv = argv;
    this.result = result;
  }
}

const procsFile = new AsyncLocalStorage<string>();

/**
 * Programs that `body` runs enter the cgroup of this cgroup.procs file before they start, so that they can be found
 * when this process is killed. Not the process itself: it may be a test runner with other children.
 */
export function withCgroup<T>(procs: string, body: () => Promise<T>): Promise<T> {
  return procsFile.run(procs, body);
}

/** The argv that enters the cgroup and becomes the program, under the same pid. */
export function enteringCgroup(procs: string, argv: readonly string[]): string[] {
  return ['/bin/sh', '-c', 'echo $$ > "$1" || exit 1; shift; exec "$@"', 'sh', procs, ...argv];
}

/** Runs argv; throws RunError on a non-zero exit unless `allowFailure`. A program ended by a signal has code 128. */
export function run(argv: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  const procs = procsFile.getStore();
  const [file, ...args] = procs === undefined ? argv : enteringCgroup(procs, argv);
  if (file === undefined) throw new Error('run() needs a program');
  const inputFd = options.inputFile === undefined ? undefined : openSync(options.inputFile, 'r');
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, {
      cwd: options.cwd,
      env: { ...process.env, ...options.env },
      stdio: [inputFd ?? 'pipe', 'pipe', 'pipe'],
      timeout: options.timeoutMs,
      killSignal: 'SIGKILL',
    });
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    const collect = (into: Buffer[]) => {
      let rest = '';
      return (chunk: Buffer) => {
        into.push(chunk);
        if (!options.onLine) return;
        const lines = (rest + chunk.toString()).split('\n');
        rest = lines.pop() ?? '';
        for (const line of lines) options.onLine(line);
      };
    };
    if (inputFd !== undefined) closeSync(inputFd);
    child.stdout?.on('data', collect(out));
    child.stderr?.on('data', collect(err));
    // A program that does not read its input closes the pipe; its exit code tells the story, not EPIPE.
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(options.input);
    child.on('error', (cause) => {
      reject(new Error(`cannot start ${file}: ${cause.message}`, { cause }));
    });
    child.on('close', (code) => {
      const result = {
        code: code ?? 128,
        stdout: Buffer.concat(out).toString(),
        stderr: Buffer.concat(err).toString(),
      };
      if (result.code === 0 || options.allowFailure) resolve(result);
      else reject(new RunError(argv, result));
    });
  });
}
