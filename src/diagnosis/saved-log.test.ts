/** Saved logs that are long: they are judged within bounds, and by what decides. */
import { describe, expect, it } from 'vitest';
import { corednsVersion, plainLines } from './log-lines.ts';
import { findLoopLine } from './loop-line.ts';
import { unwrapSavedLog } from './saved-log.ts';
import { loopLine } from './testing/a-case.ts';

const MIB = 1 << 20;
const QUERY = '[INFO] 10.244.1.9:5353 - 7 "A IN a.example. udp 62 false 512" NOERROR qr,rd,ra 137 0.0012s\n';
const noise = (bytes: number): string => QUERY.repeat(Math.ceil(bytes / QUERY.length));

describe('a log of many megabytes', () => {
  it.each([
    ['at its end', `${noise(8 * MIB)}${loopLine()}\n`],
    [
      'in its middle, before another life of the container',
      `${noise(4 * MIB)}${loopLine()}\n${noise(4 * MIB)}`,
    ],
    ['within its first lines', `${loopLine()}\n${noise(8 * MIB)}`],
  ])('shows a loop %s, and the release from its banner', (_where, text) => {
    const log = unwrapSavedLog(`.:53\nCoreDNS-1.11.1\n${text}`);
    expect(findLoopLine(log)).toMatchObject({ from: '127.0.0.1', corednsVersion: '1.11.1' });
    expect(corednsVersion(plainLines(log))).toBe('1.11.1');
    expect(log.length).toBeLessThan(2 * MIB);
  });

  it('is never cut within a line, where a name that a client asked for would begin one', () => {
    // Each line holds a forged one, so that a cut anywhere but at its end would uncover it.
    const line = `[INFO] 10.244.1.9:5353 - 7 "A IN ${`x${loopLine()}`.repeat(20)}" NOERROR\n`;
    for (const shift of [0, 1, 2, 33, 34, 35])
      expect(findLoopLine(unwrapSavedLog('y'.repeat(shift) + line.repeat(1000)))).toBeNull();
  });

  it.each([
    ['one endless line', 'coredns'.repeat(2 * MIB)],
    ['one endless line of a quote', '> '.repeat(4 * MIB)],
    ['nothing but short lines', 'a\n'.repeat(4 * MIB)],
    ['nothing but mentions of the plugin', 'plugin/loop\n'.repeat(MIB)],
  ])('is reduced to a bounded text, whatever its lines are: %s', (_what, text) => {
    const log = unwrapSavedLog(text);
    expect(findLoopLine(log)).toBeNull();
    expect(plainLines(log).length).toBeLessThan(MIB);
  });
});
