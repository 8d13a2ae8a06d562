import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { withoutSymbols } from './strip-symbols.ts';

/** Offset and length of the loaded parts of a program. */
function loaded(program: Buffer): readonly (readonly [number, number])[] {
  const offset = Number(program.readBigUInt64LE(0x20));
  return Array.from({ length: program.readUInt16LE(0x38) }, (_, index) => offset + index * 56)
    .filter((header) => program.readUInt32LE(header) === 1)
    .map((header) => [
      Number(program.readBigUInt64LE(header + 8)),
      Number(program.readBigUInt64LE(header + 32)),
    ]);
}

it('a program without its symbols has the same bytes in memory, but for the place of the sections, and nothing after them', async () => {
  const program = await readFile('/bin/true');
  const stripped = withoutSymbols(program);
  const ends = loaded(program).map(([from, length]) => from + length);
  expect(stripped.length).toBe(Math.max(...ends));
  expect(stripped.length).toBeLessThan(program.length);
  expect(loaded(stripped)).toEqual(loaded(program));
  expect(stripped.subarray(64).equals(program.subarray(64, stripped.length))).toBe(true);
  expect(stripped.readBigUInt64LE(0x28)).toBe(0n);
});

it.each([
  ['of macOS', Buffer.from('cffaedfe0c000001', 'hex')],
  ['of 32 bits', Buffer.from('7f454c4601010100', 'hex')],
  ['that is a script', Buffer.from('#!/bin/sh\n')],
])('a program %s stays as it is', (_what, program) => {
  expect(withoutSymbols(program)).toBe(program);
});
