/** Parses an EnvironmentFile as systemd does (env-file.c), keeping the offset of each character of a value. */

interface Assignment {
  readonly name: string;
  readonly value: string;
  /** Offset in the file of each UTF-16 unit of `value`. */
  readonly at: readonly number[];
}

const isSpace = (char: string): boolean => char === ' ' || char === '\t';
const isBreak = (char: string): boolean => char === '\n' || char === '\r';

/** All assignments, in order. Later ones of the same name win; that is left to the caller, which needs their place. */
export function parseEnvironmentFile(text: string): readonly Assignment[] {
  const assignments: Assignment[] = [];
  let at = 0;
  while (at < text.length) {
    const char = text.charAt(at);
    if (isSpace(char) || isBreak(char)) {
      at++;
    } else if (char === '#' || char === ';') {
      at = commentEnd(text, at);
    } else {
      const lineEnd = findBreak(text, at);
      const equals = text.indexOf('=', at);
      if (equals < 0 || equals > lineEnd) {
        at = lineEnd + 1;
        continue;
      }
      const value = readValue(text, equals + 1);
      const name = text.slice(at, equals).trim();
      if (/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) assignments.push({ name, value: value.text, at: value.at });
      at = value.end;
    }
  }
  return assignments;
}

/** A backslash before the line break continues a comment. */
function commentEnd(text: string, start: number): number {
  let at = start;
  while (at < text.length && !isBreak(text.charAt(at))) at += text.charAt(at) === '\\' ? 2 : 1;
  return at + 1;
}

function findBreak(text: string, start: number): number {
  let at = start;
  while (at < text.length && !isBreak(text.charAt(at))) at++;
  return at;
}

interface Value {
  readonly text: string;
  readonly at: readonly number[];
  readonly end: number;
}

function readValue(text: string, start: number): Value {
  let value = '';
  const offsets: number[] = [];
  const keep = (offset: number): void => {
    value += text.charAt(offset);
    offsets.push(offset);
  };
  /** Quotes count only at the start of a word: in `a"b"` systemd keeps them. */
  let inWord = false;
  /** Length of the value without trailing unquoted white space. */
  let trimmed = 0;
  let at = start;
  for (; at < text.length; at++) {
    const char = text.charAt(at);
    if (isBreak(char)) break;
    if (!inWord && (char === "'" || char === '"')) {
      at = readQuoted(text, at, keep);
      trimmed = value.length;
    } else if (char === '\\') {
      at++;
      if (at < text.length && !isBreak(text.charAt(at))) keep(at);
      inWord = true;
      trimmed = value.length;
    } else if (isSpace(char)) {
      if (inWord) keep(at);
    } else {
      keep(at);
      inWord = true;
      trimmed = value.length;
    }
  }
  return { text: value.slice(0, trimmed), at: offsets.slice(0, trimmed), end: at + 1 };
}

/** Returns the offset of the closing quote. A quoted value may span several lines. */
function readQuoted(text: string, start: number, keep: (offset: number) => void): number {
  const quote = text.charAt(start);
  let at = start + 1;
  for (; at < text.length && text.charAt(at) !== quote; at++) {
    if (quote === "'" || text.charAt(at) !== '\\') {
      keep(at);
      continue;
    }
    const next = text.charAt(at + 1);
    if (next === '\n') at++;
    else if ('"\\`$'.includes(next) && next !== '') keep(++at);
    else keep(at);
  }
  return at;
}
