/** Durations on the command line, and as kubectl prints them. */

const UNITS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 } as const;
/** The longest that a timer can wait. */
const MAX_MS = 2 ** 31 - 1;

/**
 * As kubectl reads `--request-timeout`: "10s", "1m30s", a number of seconds, or 0 for no limit.
 * @returns milliseconds, or undefined if it is not a duration
 */
export function parseDuration(text: string): number | undefined {
  const ms = durationMs(text);
  if (ms === undefined) return undefined;
  return ms === 0 ? MAX_MS : Math.min(ms, MAX_MS);
}

/** The same without a limit, and 0 as it is. */
export function durationMs(text: string): number | undefined {
  if (!/^(?:\d+(?:\.\d+)?|(?:\d+(?:\.\d+)?(?:ms|s|m|h))+)$/.test(text)) return undefined;
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)?/g)];
  return parts.reduce((sum, [, number, unit = 's']) => sum + Number(number) * UNITS[unit as 's'], 0);
}

/** As in kubectl's AGE column: "45s", "5m", "3h20m", "2d4h", "12d". */
export function shortDuration(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const minutes = Math.floor(seconds / 60);
  const hours = Math.floor(minutes / 60);
  const days = Math.floor(hours / 24);
  const two = (big: number, bigUnit: string, small: number, smallUnit: string): string =>
    small === 0 ? `${big}${bigUnit}` : `${big}${bigUnit}${small}${smallUnit}`;
  if (seconds < 120) return `${seconds}s`;
  if (minutes < 10) return two(minutes, 'm', seconds % 60, 's');
  if (hours < 3) return `${minutes}m`;
  if (hours < 8) return two(hours, 'h', minutes % 60, 'm');
  if (days < 2) return `${hours}h`;
  if (days < 8) return two(days, 'd', hours % 24, 'h');
  return `${days}d`;
}
