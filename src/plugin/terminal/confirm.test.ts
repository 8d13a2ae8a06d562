import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { confirm } from './confirm.ts';
import { createOutput } from './output.ts';

const asked = (isTTY = true, signal = new AbortController().signal) => {
  const input = Object.assign(new PassThrough(), { isTTY });
  const printed = new PassThrough();
  const answer = confirm(input, createOutput(printed, {}), 'Do it?', signal);
  return { input, answer, printed: () => String(printed.read() ?? '') };
};

describe('a question', () => {
  it.each([
    ['y', true],
    ['Yes', true],
    [' yes ', true],
    ['n', false],
    ['', false],
    ['yesterday', false],
  ])('answered with "%s"', async (typed, is) => {
    const { input, answer, printed } = asked();
    input.write(`${typed}\n`);
    expect(await answer).toBe(is);
    expect(printed()).toBe('Do it? [y/N] ');
  });

  it('that is left with Ctrl-D is answered with no', async () => {
    const { input, answer } = asked();
    input.end();
    expect(await answer).toBe(false);
  });

  it('ends with the program', async () => {
    const stop = new AbortController();
    const { answer } = asked(true, stop.signal);
    stop.abort();
    expect(await answer.catch(() => false)).toBe(false);
  });

  it('is an error where nobody can be asked', async () => {
    await expect(asked(false).answer).rejects.toThrow('--yes answers the question');
  });
});
