import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { aSeries } from '../../test/support/objects/probe-rounds.ts';
import type { Outcome } from './round.ts';
import { failingSince, isInDoubt, type Verdict } from './series.ts';

const OUTCOMES = ['answers', 'external-fails', 'cluster-fails', 'fails', 'rejected', 'silent'] as const;
const BOTH_FAIL: readonly Outcome[] = ['fails', 'rejected', 'silent'];

describe('the verdict on a container', () => {
  it.each<[readonly Outcome[], Verdict]>([
    [['answers'], 'answers'],
    [['silent'], 'unsure'],
    [['answers', 'silent'], 'answers'],
    [['answers', 'external-fails', 'external-fails'], 'external-fails'],
    [['external-fails', 'external-fails'], 'external-fails'],
    [['silent', 'silent'], 'silent'],
    [['answers', 'rejected', 'rejected'], 'rejected'],
    [['silent', 'external-fails'], 'external-fails'],
    [['external-fails', 'silent'], 'external-fails'],
    [['external-fails', 'cluster-fails'], 'unsure'],
    [['cluster-fails', 'fails'], 'cluster-fails'],
    [['external-fails', 'external-fails', 'answers'], 'answers'],
  ])('after the rounds %j is %s', (outcomes, verdict) => {
    expect(aSeries(outcomes)?.verdict).toBe(verdict);
  });

  it('never follows from a single lost round: what it says has failed in the last two', () => {
    const history = fc.array(fc.constantFrom(...OUTCOMES), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(history, (outcomes) => {
        const verdict = aSeries(outcomes)?.verdict;
        const lastTwo = outcomes.slice(-2);
        const failed = (own: Outcome) =>
          outcomes.length > 1 && lastTwo.every((one) => one === own || BOTH_FAIL.includes(one));
        const fails = failed('external-fails') || failed('cluster-fails');
        // After one lost round the verdict is the one before it.
        const before = outcomes.length > 1 ? aSeries(outcomes.slice(0, -1))?.verdict : 'unsure';
        const expected = outcomes.at(-1) === 'answers' ? 'answers' : before;
        expect(fails ? 'it may be anything' : verdict).toBe(fails ? 'it may be anything' : expected);
      }),
    );
  });

  it('is in doubt after the first failure and not after the second', () => {
    expect([['answers'], ['answers', 'silent'], ['answers', 'silent', 'silent']].map(inDoubt)).toEqual([
      false,
      true,
      false,
    ]);
    function inDoubt(outcomes: readonly string[]): boolean {
      const series = aSeries(outcomes as readonly Outcome[]);
      return series !== null && isInDoubt(series);
    }
  });

  it('dates from the first of the failures, and from none once it answers', () => {
    const since = (outcomes: readonly Outcome[]) => {
      const series = aSeries(outcomes, { from: 1000, everyMs: 10 });
      return series && failingSince(series);
    };
    expect(since(['answers', 'external-fails', 'external-fails', 'external-fails'])).toBe(1010);
    expect(since(['external-fails', 'answers'])).toBeNull();
  });
});
