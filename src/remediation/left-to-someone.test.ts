import { expect, it } from 'vitest';
import { aRemediation, isoAt } from '../../test/support/objects/builders.ts';
import { leftToSomeone } from './left-to-someone.ts';

type Phase = 'Refused' | 'Failed' | 'RolledBack' | 'Healed' | 'Cancelled' | 'Pending';

/** An incident that ended in second 10, or has not ended. */
const incident = (phase: Phase, acknowledged = false, finishedAt = 10) =>
  aRemediation({
    name: `${phase}-${finishedAt}`,
    acknowledged,
    status: { phase, ...(phase === 'Pending' ? {} : { finishedAt: isoAt(finishedAt) }) },
  });

it.each<[Phase, acknowledged: boolean, provenAt: number | undefined, isLeft: boolean]>([
  ['Refused', false, undefined, true],
  ['Refused', false, 5, true],
  ['Refused', false, 20, false],
  ['Refused', true, undefined, false],
  ['Failed', false, 5, true],
  ['Failed', false, 20, false],
  ['Failed', true, 5, false],
  ['RolledBack', false, 5, true],
  ['RolledBack', false, 20, true],
  ['RolledBack', true, 5, false],
  ['Healed', false, undefined, false],
  ['Cancelled', false, undefined, false],
  ['Pending', false, undefined, false],
])(
  'after an incident that is %s (acknowledged: %s), with a node that was well in second %s, the node is left alone: %s',
  (phase, acknowledged, provenAt, isLeft) => {
    const one = incident(phase, acknowledged);
    const left = leftToSomeone([one], provenAt === undefined ? undefined : isoAt(provenAt));
    expect(left).toBe(isLeft ? one : null);
  },
);

it('of several incidents the last one counts, in whatever order they are read', () => {
  const [first, last] = [incident('Refused', false, 10), incident('Failed', false, 30)];
  expect(leftToSomeone([last, first], undefined)).toBe(last);
  expect(leftToSomeone([first, last], undefined)).toBe(last);
  expect(leftToSomeone([first, incident('Failed', true, 30)], undefined)).toBe(first);
});
