/** What a classification is asked and what it answers: one input of a known kind, one flat object. */

/** Facts beside the input, such as `podIP` or `path`. */
export type Facts = Readonly<Record<string, unknown>>;

export interface Question {
  readonly text: string;
  readonly context: Facts;
}

export type Answer = Readonly<Record<string, unknown>>;

/** The input cannot be classified; the message is one sentence in lower case, without a full stop. */
export class Unclassifiable extends Error {
  override readonly name = 'Unclassifiable';
}

export function textOf(facts: Facts, ...keys: readonly string[]): string | undefined {
  const value = keys.map((key) => facts[key]).find((found) => isScalar(found));
  return isScalar(value) ? String(value) : undefined;
}

export const isTrue = (facts: Facts, key: string): boolean => facts[key] === true || facts[key] === 'true';

export function numberOf(facts: Facts, key: string): number | undefined {
  const value = textOf(facts, key);
  const number = Number(value);
  return value === undefined || value === '' || Number.isNaN(number) ? undefined : number;
}

const isScalar = (value: unknown): value is string | number | boolean =>
  typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';

/** A list, or words separated by commas or white space. */
export function listOf(facts: Facts, ...keys: readonly string[]): readonly string[] {
  return keys.flatMap((key) => {
    const value = facts[key];
    if (Array.isArray(value)) return value.map(String);
    return typeof value === 'string' ? value.split(/[,\s]+/).filter((word) => word !== '') : [];
  });
}

/** Without the fields that are not known. */
export const known = (answer: Answer): Answer =>
  Object.fromEntries(Object.entries(answer).filter(([, value]) => value !== undefined));
