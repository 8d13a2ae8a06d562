/** Memory, file descriptors and CPU time of a process, from the kernel. */
import { readdirSync, readFileSync } from 'node:fs';

export interface ProcessFigures {
  readonly rssMiB: number;
  /** The highest RSS so far. */
  readonly peakMiB: number;
  /** Of the RSS: pages of files, mostly of Node's own binary. Their number depends on what the kernel had in its cache. */
  readonly fileMiB: number;
  readonly handles: number;
  /** Since its start. */
  readonly cpuSeconds: number;
}

/** USER_HZ, the same on every Linux. */
const TICKS_PER_SECOND = 100;

export function processFigures(pid: number): ProcessFigures {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const field = (name: string): number =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1]);
  // After the name of the program, which may contain blanks: state, ten other fields, user and system time.
  const [user, system] =
    readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ').slice(11, 13) ?? [];
  return {
    rssMiB: field('VmRSS') / 1024,
    peakMiB: field('VmHWM') / 1024,
    fileMiB: field('RssFile') / 1024,
    handles: readdirSync(`/proc/${pid}/fd`).length,
    cpuSeconds: (Number(user) + Number(system)) / TICKS_PER_SECOND,
  };
}
