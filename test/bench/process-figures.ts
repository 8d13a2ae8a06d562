/** Memory and file descriptors of a process, from the kernel. */
import { readdirSync, readFileSync } from 'node:fs';

export interface ProcessFigures {
  readonly rssMiB: number;
  /** The highest RSS so far. */
  readonly peakMiB: number;
  readonly handles: number;
}

export function processFigures(pid: number): ProcessFigures {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const field = (name: string): number =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1]);
  return {
    rssMiB: field('VmRSS') / 1024,
    peakMiB: field('VmHWM') / 1024,
    handles: readdirSync(`/proc/${pid}/fd`).length,
  };
}
