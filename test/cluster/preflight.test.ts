import { expect, test } from 'vitest';
import { isNewEnough } from './preflight.ts';

test.each([
  ['go1.26.8', true],
  ['go1.25.3', true],
  ['go1.25', true],
  ['go1.24.9', false],
  ['go1.9', false],
  ['go2.0', true],
  ['devel go1.27-abcdef', true],
])('whether %s is new enough: %s', (version, answer) => {
  expect(isNewEnough(version, '1.25.1')).toBe(answer);
});
