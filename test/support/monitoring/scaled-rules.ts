/** The rules as the tests of live alerts load them: the shipped ones, with shorter times, and nothing else changed. */
import { ruleGroups } from './files.ts';

/** A minute of the rules is a second of the test. */
export const FACTOR = 60;

const UNITS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** `5m` as `5000ms`. Throws for what is no duration with one unit. */
export function scaledDuration(text: string, factor = FACTOR): string {
  const [, amount, unit] = /^(\d+)(ms|s|m|h|d)$/.exec(text) ?? [];
  if (amount === undefined || unit === undefined) throw new Error(`not a duration with one unit: ${text}`);
  return `${Math.round((Number(amount) * UNITS[unit as keyof typeof UNITS]) / factor)}ms`;
}

/** How long an alert waits and the ranges that it looks at; not the numbers that it compares with. */
export function scaledRules(groups = ruleGroups, factor = FACTOR): typeof groups {
  return groups.map(({ rules, ...group }) => ({
    ...group,
    rules: rules.map((rule) => ({
      ...rule,
      expr: rule.expr.replace(/\[(\w+)\]/g, (_, range: string) => `[${scaledDuration(range, factor)}]`),
      ...(rule.for !== undefined && { for: scaledDuration(rule.for, factor) }),
    })),
  }));
}
