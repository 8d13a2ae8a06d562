/** Durations as Go writes them in the API: 24h, 1h30m, 0. */

const UNITS: Readonly<Record<string, number>> = { h: 3_600_000, m: 60_000, s: 1_000 };

/** The duration 0 stands for "never" where it is an interval. */
export const NEVER = 0;

/**
 * Hours, minutes and seconds, each with a fraction if need be.
 *
 * @returns milliseconds
 * @throws RangeError if the text is anything else
 */
export function parseGoDuration(text: string): number {
  if (text === '0') return 0;
  if (!/^(?:\d+(?:\.\d+)?[hms])+$/.test(text))
    throw new RangeError(`"${text}" is not a duration such as 1h30m`);
  const parts = [...text.matchAll(/(?<number>[\d.]+)(?<unit>[hms])/g)];
  return parts.reduce(
    (sum, { groups }) => sum + Number(groups?.number) * (UNITS[groups?.unit ?? ''] ?? 0),
    0,
  );
}
