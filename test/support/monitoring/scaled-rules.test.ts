import { expect, it } from 'vitest';
import { ruleGroups } from './files.ts';
import { FACTOR, scaledDuration, scaledRules } from './scaled-rules.ts';

it.each([
  ['5m', '5000ms'],
  ['1h', '60000ms'],
  ['30s', '500ms'],
])('%s is %s in a test', (shipped, scaled) => {
  expect(scaledDuration(shipped)).toBe(scaled);
});

it('refuses a duration that it would shorten wrongly', () => {
  expect(() => scaledDuration('1h30m')).toThrow('not a duration with one unit: 1h30m');
});

/** What the transformation would have to give back if it changed anything else. */
const withoutTimes = (groups: typeof ruleGroups) =>
  groups.map(({ name, rules }) => ({
    name,
    rules: rules.map((rule) => ({ ...rule, for: '', expr: rule.expr.replace(/\[\w+\]/g, '[]') })),
  }));

it('shortens how long alerts wait and what ranges they look at, and changes nothing else', () => {
  const [shipped, scaled] = [ruleGroups, scaledRules()];
  expect(withoutTimes(scaled)).toEqual(withoutTimes(shipped));
  const times = (groups: typeof shipped) =>
    groups.flatMap(({ rules }) =>
      rules.flatMap(({ for: wait, expr }) => [wait ?? [], ...(expr.match(/(?<=\[)\w+(?=\])/g) ?? [])].flat()),
    );
  expect(times(scaled)).toEqual(times(shipped).map((time) => scaledDuration(time)));
  expect(times(shipped)).toContain('5m');
  expect(times(scaled)).toContain(`${300_000 / FACTOR}ms`);
});
