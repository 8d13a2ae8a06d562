import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { progressOn } from './progress.ts';

const ERASE = '\r\u001B[2K';

beforeEach(() => {
  vi.stubEnv('TERM', 'xterm');
});
afterEach(() => {
  vi.unstubAllEnvs();
});

function stream(isTTY: boolean, columns = 20) {
  let text = '';
  const write = (part: string): boolean => {
    text += part;
    return true;
  };
  return { isTTY, columns, write, text: () => text };
}

it('prints plain lines, and cannot rewrite any, if the output is not a terminal', () => {
  const file = stream(false);
  const progress = progressOn(file, { indent: '  ' });
  progress('built');
  expect(progress.rewrite).toBeUndefined();
  expect(file.text()).toBe('  built\n');
});

it('cannot rewrite lines on a dumb terminal', () => {
  vi.stubEnv('TERM', 'dumb');
  expect(progressOn(stream(true)).rewrite).toBeUndefined();
});

it('replaces the rewritten line by the next one', () => {
  const terminal = stream(true);
  const progress = progressOn(terminal);
  progress.rewrite?.('one');
  progress.rewrite?.('two');
  progress('stays');
  progress.rewrite?.('');
  expect(terminal.text()).toBe(`one${ERASE}two${ERASE}stays\n`);
});

it('cuts a rewritten line to the width, including the indent, before painting it', () => {
  const terminal = stream(true, 12);
  const paint = (text: string) => `<${text}>`;
  progressOn(terminal, { indent: '  ', paint }).rewrite?.('0123456789');
  expect(terminal.text()).toBe('  <01234567…>');
});
