import { expect, it } from 'vitest';
import { namedIn } from './selectors.ts';

it('names metrics with their labels, and not the functions or the words in strings', () => {
  const expr = 'histogram_quantile(0.9, sum by (le, step) (rate(a_b_bucket{x="no_metric{",y=~"b|c"}[5m])))';
  expect(namedIn(expr)).toEqual({
    selectors: [{ metric: 'a_b_bucket', labels: ['x', 'y'] }],
    groupings: ['le', 'step'],
  });
});

it('names both sides of a comparison, and what they are matched on', () => {
  expect(namedIn('max by (p) (a_one) == 0 and on (q) max by (p) (b_two{c!="d"}) > 0')).toEqual({
    selectors: [
      { metric: 'a_one', labels: [] },
      { metric: 'b_two', labels: ['c'] },
    ],
    groupings: ['p', 'q', 'p'],
  });
});
