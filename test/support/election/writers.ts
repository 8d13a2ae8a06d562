/** Starts and follows the writer programs of the election's rounds. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Apiserver } from '../apiserver/apiserver.ts';
import { endsWithUs } from '../ends-with-us.ts';

const WRITER = fileURLToPath(new URL('./writer.ts', import.meta.url));

export interface Durations {
  readonly leaseDurationMs: number;
  readonly renewDeadlineMs: number;
  readonly retryPeriodMs: number;
}

export interface Writer {
  /** Also its user agent. */
  readonly name: string;
  readonly lines: readonly string[];
  /** It leads, or knows who does. */
  readonly competes: boolean;
  /** It led, and was stopped by its own election. */
  readonly lostItsLease: boolean;
  readonly hasEnded: boolean;
  signal(name: NodeJS.Signals): void;
  /** The exit code, or the signal that ended it. */
  readonly ended: Promise<number | string>;
}

export function startWriter(server: Apiserver, name: string, durations: Durations): Writer {
  const child: ChildProcess = spawn(...endsWithUs([process.execPath, WRITER]), {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      PATH: process.env['PATH'],
      NAME: name,
      SERVER: server.url,
      CA_FILE: server.caFile,
      TOKEN: server.token,
      DURATIONS: JSON.stringify(durations),
    },
  });
  const lines: string[] = [];
  let hasEnded = false;
  for (const stream of [child.stdout, child.stderr])
    if (stream) createInterface({ input: stream }).on('line', (line) => lines.push(line));
  const ended = once(child, 'close').then(([code, signal]: (number | string | null)[]) => {
    hasEnded = true;
    return code ?? signal ?? '';
  });
  return {
    name,
    lines,
    get competes() {
      return !hasEnded && lines.some((line) => /"(?:standing by|became the leader)"/.test(line));
    },
    get lostItsLease() {
      return lines.some((line) => /"the lease was (?:not renewed in time|taken by)/.test(line));
    },
    get hasEnded() {
      return hasEnded;
    },
    signal: (signal) => void child.kill(signal),
    ended,
  };
}
