/** Cuts logs and files down to what a record keeps of them. Secrets are removed first, which may be longer than a line. */
import { scrub } from './scrub.ts';

/** A looping CoreDNS writes some ten lines; more than that are the answers to clients. */
const MAX_LINES = 24;
const MAX_LINE = 400;
const MAX_FILE = 4000;

/** The last lines, which are those before the death; each one cut. */
export function logExcerpt(log: string): readonly string[] {
  const lines = scrub(log)
    .split(/\r?\n/)
    .filter((line) => line.trim() !== '');
  return lines.slice(-MAX_LINES).map((line) => cut(line, MAX_LINE));
}

export const fileExcerpt = (text: string): string => cut(scrub(text), MAX_FILE);

/** By whole characters: half of a surrogate pair cannot be stored. */
export function cut(text: string, length: number): string {
  if (text.length <= length) return text;
  return `${text.slice(0, length).replace(/[\uD800-\uDBFF]$/, '')}…`;
}
