import { expect, it } from 'vitest';
import { createLastAnswers } from './last-answers.ts';

const raw = { metadata: { name: 'a', resourceVersion: '8' } };

it('an answer counts as a read once, and for half a second', () => {
  const answers = createLastAnswers();
  answers.keep('a', raw, 1_000);
  expect(answers.take('b', 1_000)).toBeNull();
  expect(answers.take('a', 1_500)).toBe(raw);
  expect(answers.take('a', 1_500)).toBeNull();

  answers.keep('a', raw, 1_000);
  expect(answers.take('a', 1_501)).toBeNull();
});

it('an answer from before the clock was put back is read again', () => {
  const answers = createLastAnswers();
  answers.keep('a', raw, 1_000);
  expect(answers.take('a', 999)).toBeNull();
});
