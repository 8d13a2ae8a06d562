import { describe, expect, it } from 'vitest';
import { createPace } from './pace.ts';

describe('a pace of one turn a second', () => {
  let now = 0;
  const pace = createPace(1000, () => now);

  it('lets the first key pass at once, and the others one after the other', () => {
    expect(['a', 'b', 'c'].map((key) => pace.leftMs(key))).toEqual([0, 1000, 2000]);
  });

  it('keeps the turn of a key that asks too early', () => {
    now = 400;
    expect(pace.leftMs('c')).toBe(1600);
    now = 2000;
    expect(pace.leftMs('c')).toBe(0);
  });

  it('gives a key that comes again a new turn', () => {
    expect(pace.leftMs('c')).toBe(1000);
  });

  it('gives a key a new turn where it needed none in the meantime', () => {
    pace.forget('c');
    expect(pace.leftMs('c')).toBe(2000);
  });
});
