/** Expands the variables of an ExecStart line as systemd does, keeping where each character comes from. */

export interface Variable {
  readonly value: string;
  /** The environment file that sets it, or undefined for Environment= in the unit. */
  readonly file?: { readonly path: string; readonly text: string; readonly at: readonly number[] };
}

export interface Origin {
  readonly name: string;
  readonly variable: Variable;
  /** Index in the variable's value. */
  readonly index: number;
}

export interface Argument {
  readonly text: string;
  /** For each UTF-16 unit of `text`; undefined for what is in ExecStart itself. */
  readonly origins: readonly (Origin | undefined)[];
}

/**
 * - `$NAME` as a word of its own: split at white space, respecting quotes; no argument at all if unset.
 * - `${NAME}` anywhere: inserted unchanged, the word stays one word.
 * - `$NAME` inside a word: left alone. `$$`: a dollar sign.
 */
export function expandCommandLine(
  argv: readonly string[],
  environment: ReadonlyMap<string, Variable>,
): readonly Argument[] {
  return argv.flatMap((word): readonly Argument[] => {
    const alone = /^\$([A-Za-z_][A-Za-z0-9_]*)$/.exec(word)?.[1];
    if (alone !== undefined) {
      const variable = environment.get(alone);
      return variable === undefined
        ? []
        : splitWords(variable.value).map(({ text, at }) => ({
            text,
            origins: at.map((index) => ({ name: alone, variable, index })),
          }));
    }
    return [insertVariables(word, environment)];
  });
}

function insertVariables(word: string, environment: ReadonlyMap<string, Variable>): Argument {
  let text = '';
  const origins: (Origin | undefined)[] = [];
  const keep = (literal: string): void => {
    text += literal;
    for (let index = 0; index < literal.length; index++) origins.push(undefined);
  };
  let end = 0;
  for (const match of word.matchAll(/\$\$|\$\{([A-Za-z_][A-Za-z0-9_]*)\}/g)) {
    keep(word.slice(end, match.index));
    end = match.index + match[0].length;
    const [, name] = match;
    if (name === undefined) {
      keep('$');
      continue;
    }
    const variable = environment.get(name);
    if (variable === undefined) continue;
    text += variable.value;
    for (let index = 0; index < variable.value.length; index++) origins.push({ name, variable, index });
  }
  keep(word.slice(end));
  return { text, origins };
}

interface Word {
  readonly text: string;
  readonly at: readonly number[];
}

/** systemd's word splitting with quotes removed; a backslash escapes the next character. */
export function splitWords(value: string): readonly Word[] {
  const words: Word[] = [];
  let text = '';
  let at: number[] = [];
  let open = false;
  let quote = '';
  const finish = (): void => {
    if (open) words.push({ text, at });
    text = '';
    at = [];
    open = false;
  };
  for (let index = 0; index < value.length; index++) {
    const char = value.charAt(index);
    if (quote === '' && /\s/.test(char)) {
      finish();
      continue;
    }
    open = true;
    if (char === quote) quote = '';
    else if (quote === '' && (char === '"' || char === "'")) quote = char;
    else {
      if (char === '\\' && index + 1 < value.length) index++;
      text += value.charAt(index);
      at.push(index);
    }
  }
  finish();
  return words;
}
