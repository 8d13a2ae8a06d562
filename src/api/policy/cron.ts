/** Five cron fields as crontab(5) has them: what each may hold, checked by the API server and by zod alike. */
import * as z from 'zod';

const MONTHS = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'];
const DAYS = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'];
const either = (names: readonly string[]): string =>
  [...names, ...names.map((name) => name.toLowerCase())].join('|');

/**
 * `*`, a value, or a range of two values of one kind, each with a step if wanted; several are separated by commas.
 *
 * @param kinds numbers, and names where the field has them
 */
function fieldOf(kinds: readonly string[], step: string): string {
  const item = `(\\*|${kinds.map((value) => `(${value})(-(${value}))?`).join('|')})(/${step})?`;
  return `${item}(,${item})*`;
}

const FIELDS = [
  [
    fieldOf(['[0-5]?[0-9]'], '([1-9]|[1-5][0-9])'),
    'minute (first field) must be 0 to 59, with a step of 1 to 59',
  ],
  [
    fieldOf(['[01]?[0-9]|2[0-3]'], '([1-9]|1[0-9]|2[0-3])'),
    'hour (second field) must be 0 to 23, with a step of 1 to 23',
  ],
  [
    fieldOf(['0?[1-9]|[12][0-9]|3[01]'], '([1-9]|[12][0-9]|3[01])'),
    'day of month (third field) must be 1 to 31, with a step of 1 to 31',
  ],
  [
    fieldOf(['0?[1-9]|1[0-2]', either(MONTHS)], '([1-9]|1[0-2])'),
    'month (fourth field) must be 1 to 12 or JAN to DEC, with a step of 1 to 12',
  ],
  [
    fieldOf(['[0-7]', either(DAYS)], '[1-7]'),
    'day of week (fifth field) must be 0 to 7 or SUN to SAT, with a step of 1 to 7',
  ],
] as const;

const FIVE = '^\\s*(\\S+\\s+){4}\\S+\\s*$';
/** The field of this index, whatever the others hold: they have rules of their own. */
const at = (index: number, field: string): string => `^\\s*(\\S+\\s+){${index}}(${field})(\\s.*)?$`;

/** No day that any year has: the window would never open. */
const NEVER =
  '^\\s*\\S+\\s+\\S+\\s+((30|31)\\s+(0?2|FEB|feb)|31\\s+(0?[469]|11|APR|JUN|SEP|NOV|apr|jun|sep|nov))\\s+\\*\\s*$';

/** Ranges that run backwards. CEL could compare numbers, but the API server refuses the cost of splitting the text. */
const BACKWARDS = `\\b(${[
  '[1-5][0-9]-0?[0-9]',
  ...upTo(9).map((digit) => `0?${digit}-0?[0-${digit - 1}]`),
  ...upTo(5).map((tens) => `${tens}[0-9]-[0-${tens - 1}][0-9]`),
  ...upTo(5)
    .map((tens) => upTo(9).map((ones) => `${tens}${ones}-${tens}[0-${ones - 1}]`))
    .flat(),
  ...[MONTHS, DAYS].flatMap((names) =>
    names.slice(1).map((name, index) => `(${either([name])})-(${either(names.slice(0, index + 1))})`),
  ),
].join('|')})\\b`;

function upTo(last: number): readonly number[] {
  return Array.from({ length: last }, (_none, index) => index + 1);
}

interface Rule {
  readonly pattern: string;
  /** Whether the pattern is what the text must match, or must not. */
  readonly must: boolean;
  readonly message: string;
}

const RULES: readonly Rule[] = [
  {
    pattern: FIVE,
    must: true,
    message:
      'must have five fields: minute, hour, day of month, month, day of week; for example 0 22 * * MON-FRI',
  },
  ...FIELDS.map(([field, message], index) => ({ pattern: at(index, field), must: true, message })),
  { pattern: NEVER, must: false, message: 'must name a day that its month has' },
  {
    pattern: BACKWARDS,
    must: false,
    message: 'must not have a range that runs backwards: write 22-23,0-6 instead of 22-6',
  },
];

const isMet = ({ pattern, must }: Rule, cron: string): boolean => new RegExp(pattern).test(cron) === must;
const inCel = ({ pattern, must }: Rule): string => `${must ? '' : '!'}self.matches(r'${pattern}')`;

export const cronSchema = z
  .string()
  .max(100)
  .superRefine((cron, context) => {
    const broken = RULES.find((rule) => !isMet(rule, cron));
    if (broken) context.addIssue({ code: 'custom', message: broken.message });
  })
  .meta({
    'x-kubernetes-validations': RULES.map((rule, index) => ({
      // A text without five fields is told only that.
      rule: index === 0 ? inCel(rule) : `!self.matches(r'${FIVE}') || ${inCel(rule)}`,
      message: rule.message,
    })),
  });
