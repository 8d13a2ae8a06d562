/** When the maintenance windows of a policy are open. The only file that knows how cron expressions are read. */
import { Cron } from 'croner';
import { parseGoDuration } from '../../api/go-duration.ts';
import type { MaintenanceWindow } from '../../api/policy/maintenance.ts';
import type { PolicyView } from '../world.ts';

/** A pattern without years that does not match after this day matches never. */
const ANY_DAY = new Date('2024-01-01T00:00:00Z');

type Reading =
  | { readonly kind: 'ok'; readonly cron: Cron; readonly durationMs: number }
  | { readonly kind: 'bad'; readonly problem: string };

export type Opening =
  | { readonly kind: 'open' }
  /** `opensAt` in epoch milliseconds; null if no window ever opens. */
  | { readonly kind: 'closed'; readonly opensAt: number | null; readonly window: MaintenanceWindow | null };

/** A window that cannot be read is closed: nothing begins because of a mistake in it. */
export function openingOf(windows: readonly MaintenanceWindow[], now: number): Opening {
  if (windows.length === 0) return { kind: 'open' };
  let next: { readonly opensAt: number; readonly window: MaintenanceWindow } | null = null;
  for (const window of windows) {
    const reading = readingOf(window);
    if (reading.kind === 'bad') continue;
    // The last opening that could still last: elapsed time, so that a change of the clocks makes no window longer.
    const opened = nextAfter(reading.cron, now - reading.durationMs);
    if (opened !== null && opened <= now) return { kind: 'open' };
    const opensAt = nextAfter(reading.cron, now);
    if (opensAt !== null && (next === null || opensAt < next.opensAt)) next = { opensAt, window };
  }
  return { kind: 'closed', opensAt: next?.opensAt ?? null, window: next?.window ?? null };
}

/** What is wrong with windows, one sentence for each: the API server checks only their form. */
export function windowProblems({ maintenance }: Pick<PolicyView, 'maintenance'>): readonly string[] {
  return maintenance.windows.flatMap((window, index) => {
    const reading = readingOf(window);
    return reading.kind === 'ok'
      ? []
      : [`spec.maintenance.windows[${index}] is treated as closed: ${reading.problem}`];
  });
}

const readings = new WeakMap<MaintenanceWindow, Reading>();

/** Read once for each policy: it is asked for in every decision. */
function readingOf(window: MaintenanceWindow): Reading {
  const known = readings.get(window);
  if (known) return known;
  const reading = read(window);
  readings.set(window, reading);
  return reading;
}

function read({ cron: pattern, timeZone, duration }: MaintenanceWindow): Reading {
  if (!isTimeZone(timeZone))
    return {
      kind: 'bad',
      problem: `timeZone "${timeZone}" is not known. Use an IANA name, for example Europe/Berlin.`,
    };
  try {
    const cron = new Cron(pattern.trim(), { timezone: timeZone, mode: '5-part' });
    if (nextAfter(cron, ANY_DAY.getTime()) === null)
      return { kind: 'bad', problem: `cron "${pattern}" names a day that does not exist.` };
    return { kind: 'ok', cron, durationMs: parseGoDuration(duration) };
  } catch (error) {
    const why = error instanceof Error ? error.message.replace(/^CronPattern: /, '') : String(error);
    return {
      kind: 'bad',
      problem: `cron "${pattern}" cannot be read (${why.replace(/\.$/, '')}). Use five fields: minute, hour, day of month, month, day of week.`,
    };
  }
}

function isTimeZone(timeZone: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone }).resolvedOptions().timeZone !== '';
  } catch {
    // That is how the question is answered.
    return false;
  }
}

const nextAfter = (cron: Cron, time: number): number | null =>
  cron.nextRun(new Date(time))?.getTime() ?? null;
