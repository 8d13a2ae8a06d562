/** Splits a Corefile into words as CoreDNS's own lexer (Caddy v1) does. Used by the Corefile parser. */

export interface Token {
  readonly text: string;
  readonly line: number;
  /** A quoted brace is text and opens no block. */
  readonly quoted: boolean;
}

/**
 * Surprising rules: `#` starts a comment even in the middle of a word. Quotes open only at the start of a word, may
 * span lines, and have one escape, `\"`. Braces are separate words only if white space surrounds them.
 */
export function tokenize(text: string): readonly Token[] {
  const tokens: Token[] = [];
  let word = '';
  let wordLine = 1;
  let line = 1;
  let state: 'plain' | 'quoted' | 'comment' = 'plain';
  let escaped = false;

  const flush = (quoted: boolean) => {
    if (word !== '' || quoted) tokens.push({ text: word, line: wordLine, quoted });
    word = '';
  };

  for (const char of text.replaceAll('\r', '')) {
    if (state === 'quoted') {
      if (!escaped && char === '\\') {
        escaped = true;
        continue;
      }
      if (!escaped && char === '"') {
        flush(true);
        state = 'plain';
        continue;
      }
      if (char === '\n') line += 1;
      word += escaped && char !== '"' ? `\\${char}` : char;
      escaped = false;
    } else if (/\s/.test(char)) {
      if (state === 'plain' || char === '\n') flush(false);
      if (char === '\n') {
        line += 1;
        state = 'plain';
      }
    } else if (state === 'comment') {
      continue;
    } else if (char === '#') {
      state = 'comment';
    } else {
      if (word === '') wordLine = line;
      if (word === '' && char === '"') state = 'quoted';
      else word += char;
    }
  }
  flush(state === 'quoted');
  return tokens;
}
