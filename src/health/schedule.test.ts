import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { intervalMs, nextDueAt, paceMs, QUESTIONS_PER_SECOND, whoIsNext } from './schedule.ts';

describe('the interval between two rounds of a pod', () => {
  it.each([
    [2, 30_000],
    [30, 30_000],
    [50, 40_000],
    [5000, 4_000_000],
  ])('with %i pods and four questions to each is %i ms', (targets, expected) => {
    expect(intervalMs({ intervalSeconds: 30, targets, questions: 4 })).toBe(expected);
  });

  it('is kept up to a tenth, and so is the short one after a first failure', () => {
    expect([0, 0.5, 1].map((random) => nextDueAt({ at: 0, isInDoubt: false }, 30_000, random))).toEqual([
      27_000, 30_000, 33_000,
    ]);
    expect(nextDueAt({ at: 0, isInDoubt: true }, 30_000, 0.5)).toBe(5_000);
    expect(nextDueAt({ at: 0, isInDoubt: true }, 5_000, 1)).toBeLessThanOrEqual(5_500);
  });
});

describe('who is asked', () => {
  it('is always the target that has been due for longest', () => {
    expect(whoIsNext([])).toBeNull();
    const targets = fc.array(fc.record({ key: fc.string(), dueAt: fc.integer() }), { minLength: 1 });
    fc.assert(
      fc.property(targets, (all) => {
        expect(whoIsNext(all)?.dueAt).toBe(Math.min(...all.map(({ dueAt }) => dueAt)));
      }),
    );
  });

  it('is paced: in ten seconds no more questions than the limit, however many targets are due', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 12 }), (questions) => {
        const rounds = Math.floor(10_000 / paceMs(questions));
        expect(rounds * questions).toBeLessThanOrEqual(10 * QUESTIONS_PER_SECOND);
      }),
    );
  });
});
