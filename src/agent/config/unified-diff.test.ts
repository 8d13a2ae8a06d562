import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { unifiedDiff } from './unified-diff.ts';

describe('unifiedDiff', () => {
  it.each([
    ['a line in the middle', 'a\nb\nc\nd\ne\nf\ng\nh\ni\n', 'a\nb\nc\nd\nX\nf\ng\nh\ni\n'],
    ['the first line', 'a\nb\n', 'X\nb\n'],
    ['the only line', 'a\n', 'b\n'],
    ['the last line, without a line break', 'a\nb', 'a\nX'],
    ['a line that was added', 'a\nb\n', 'a\nX\nb\n'],
    ['a line that was added behind one without a line break', 'a\nb', 'a\nb\nX'],
    ['CRLF', 'a\r\nb\r\n', 'a\r\nX\r\n'],
    ['a line into nothing', '', 'a\n'],
  ])('%s, as diff -u', (_what, before, after) => {
    const folder = mkdtempSync(join(tmpdir(), 'dnshealth-diff-'));
    writeFileSync(join(folder, 'a'), before);
    writeFileSync(join(folder, 'b'), after);
    const { stdout } = spawnSync('diff', ['-u', '--label=/f', '--label=/f', 'a', 'b'], {
      cwd: folder,
      encoding: 'utf8',
    });
    rmSync(folder, { recursive: true });
    expect(stdout).not.toBe('');
    expect(unifiedDiff('/f', before, after)).toBe(stdout);
  });

  it('is empty if nothing differs', () => {
    expect(unifiedDiff('/f', 'a\n', 'a\n')).toBe('');
  });
});
