import { expect, it } from 'vitest';
import { parseDuration, shortDuration } from './durations.ts';

it.each([
  ['10s', 10_000],
  ['1m30s', 90_000],
  ['250ms', 250],
  ['1.5s', 1_500],
  ['2', 2_000],
  ['0', 2 ** 31 - 1],
  ['1000h', 2 ** 31 - 1],
  ['', undefined],
  ['-1s', undefined],
  ['1x', undefined],
  ['10s later', undefined],
])('the duration "%s" is %s milliseconds', (text, ms) => {
  expect(parseDuration(text)).toBe(ms);
});

it.each([
  [-5, '0s'],
  [9.9, '9s'],
  [119, '119s'],
  [300, '5m'],
  [303, '5m3s'],
  [3_600, '60m'],
  [12_000, '3h20m'],
  [90_000, '25h'],
  [187_200, '2d4h'],
  [1_036_800, '12d'],
])('%s is printed as %s, as kubectl does', (amount, text) => {
  expect(shortDuration(amount * 1000)).toBe(text);
});
