import { describe, expect, it } from 'vitest';
import { aDnsPod, at } from '../../../test/support/objects/builders.ts';
import { isYoung, serves } from './serving.ts';

describe('a DNS pod serves', () => {
  it('once it is Ready and has run for ten seconds, however often it crashed before', () => {
    const pod = aDnsPod({ runningSince: at(0), restartCount: 7 });
    expect([9.9, 10].map((seconds) => serves(pod, at(seconds)))).toEqual([false, true]);
  });

  it('by the clock of the operator, whatever that of its node says', () => {
    for (const runningSince of [at(-3600), at(3600)]) {
      const pod = aDnsPod({ runningSince, upSince: at(0) });
      expect([9.9, 10].map((seconds) => serves(pod, at(seconds)))).toEqual([false, true]);
    }
  });

  it.each([
    ['it is not Ready', { ready: false }],
    ['it is being deleted', { deleting: true }],
    ['its container does not run', { runningSince: null }],
    ['it does not answer as its siblings do', { answers: false }],
  ])('but not while %s', (_why, overrides) => {
    const pod = aDnsPod(overrides);
    expect([serves(pod, at(0)), isYoung(pod)]).toEqual([false, false]);
  });
});

it('a DNS pod that is Ready in its first run may serve already, one that crashed may not', () => {
  expect(isYoung(aDnsPod({ runningSince: at(0) }))).toBe(true);
  expect(isYoung(aDnsPod({ runningSince: at(0), restartCount: 1 }))).toBe(false);
});
