import { describe, expect, it } from 'vitest';
import { parseGoDuration } from './go-duration.ts';

const MINUTE = 60_000;

describe('a duration as Go writes it', () => {
  it.each([
    ['24h', 24 * 60 * MINUTE],
    ['1h30m', 90 * MINUTE],
    ['1.5h', 90 * MINUTE],
    ['90m0s', 90 * MINUTE],
    ['0', 0],
    ['0s', 0],
  ])('%s is %d milliseconds', (text, ms) => {
    expect(parseGoDuration(text)).toBe(ms);
  });

  it.each(['', '24', 'h', '1d', '-1h', '1h 30m', '1..5h', 'Infinityh'])('is not "%s"', (text) => {
    expect(() => parseGoDuration(text)).toThrow(`"${text}" is not a duration such as 1h30m`);
  });
});
