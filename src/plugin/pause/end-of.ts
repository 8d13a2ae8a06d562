/** When a pause ends by itself, from the command line. Pure. */
import { PluginError } from '../errors.ts';
import { durationMs } from '../terminal/durations.ts';

/** With seconds and a zone: a time without a zone would mean another moment to each reader. */
const RFC_3339 = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2})$/;

/** @returns RFC 3339 in UTC, or undefined for a pause without an end. @throws PluginError */
export function endOf(
  { until, for: length }: { readonly until: string | undefined; readonly for: string | undefined },
  now: number,
): string | undefined {
  if (until !== undefined && length !== undefined)
    throw new PluginError('give --until or --for, but not both');
  if (length !== undefined) {
    const ms = durationMs(length);
    if (ms === undefined || ms <= 0)
      throw new PluginError(`--for "${length}" is not a duration such as 90m, 2h or 48h`);
    return new Date(now + ms).toISOString();
  }
  if (until === undefined) return undefined;
  const end = RFC_3339.test(until) ? Date.parse(until) : Number.NaN;
  if (Number.isNaN(end))
    throw new PluginError(
      `--until "${until}" is not a time in RFC 3339 with its zone, such as 2026-12-01T06:00:00Z or 2026-12-01T07:00:00+01:00`,
    );
  if (end <= now) throw new PluginError(`--until ${until} is over already`);
  return new Date(end).toISOString();
}
