/** Runs a program to its end and collects its output: all short-lived programs of the rig. */
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
  /** A file to use as input, instead of `input`. */
  readonly inputFile?: string;
  readonly cwd?: string;
  /** Added to the environment of this process. */
  readonly env?: Readonly<Record<string, string>>;
  readonly timeoutMs?: number;
  /** Return the result of a failed program instead of throwing. @default false */
  readonly allowFailure?: boolean;
  /** Called with each line of both outputs as soon as it is complete. */
  readonly onLine?: (line: string) => void;
}

/** Of a program that failed or took too long, with the end of its output. */
function runError(argv: readonly string[], { code, stdout, stderr }: RunResult): Error {
  const output = `${stdout}\n${stderr}`.trim().slice(-2000);
  return new Error(`${argv.slice(0, 6).join(' ')} failed with exit code ${code}: ${output}`);
}

/** In the environment of a rig's programs. */
const RIG = 'DNSHEALTH_RIG';

interface Owner {
  /** Of the rig. */
  readonly cgroup: string;
  /** The cgroup.procs file of a folder in it; without one, the programs stay in the cgroup of this process. */
  readonly procs?: string;
}

const owner = new AsyncLocalStorage<Owner>();

/**
 * Programs that `body` runs belong to a rig: `down` finds them by their environment and their cgroup if this process is
 * killed. The process itself stays outside: it may be a test runner with other children.
 */
export function forRig<T>(rig: Owner, body: () => Promise<T>): Promise<T> {
  return owner.run(rig, body);
}

/**
 * Whether `run` started a program for that rig. An orphan of a killed process may not be in its cgroup yet.
 *
 * @param environ content of /proc/PID/environ
 */
export function isStartedFor(cgroup: string, environ: string): boolean {
  return environ.split('\0').includes(`${RIG}=${cgroup}`);
}

/** An argv that enters the cgroup and then becomes the program, with the same pid. */
export function enteringCgroup(procs: string, argv: readonly string[]): string[] {
  return ['/bin/sh', '-c', 'echo $$ > "$1" || exit 1; shift; exec "$@"', 'sh', procs, ...argv];
}

/** Runs argv; throws on a non-zero exit code unless `allowFailure`. A program killed by a signal has code 128. */
export function run(argv: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  const rig = owner.getStore();
  const [file, ...args] = rig?.procs === undefined ? argv : enteringCgroup(rig.procs, argv);
  if (file === undefined) throw new Error('run() needs a program');
  const inputFd = options.inputFile === undefined ? undefined : openSync(options.inputFile, 'r');
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, {
      cwd: options.cwd,
      env: { ...process.env, ...options.env, ...(rig && { [RIG]: rig.cgroup }) },
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
    // EPIPE, from a program that does not read its input; its exit code is what counts.
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
      else reject(runError(argv, result));
    });
  });
}
