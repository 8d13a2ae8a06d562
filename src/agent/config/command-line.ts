/** Expands the variables of an ExecStart line as systemd does, keeping which variable each argument came from. */

export interface Variable {
  readonly value: string;
  /** The environment file that sets it, or undefined for Environment= in the unit. */
  readonly file?: { readonly path: string; readonly text: string; readonly at: readonly number[] };
}

export interface Argument {
  readonly text: string;
  /** Set if the argument comes from one variable: for each UTF-16 unit of `text`, its index in the value. */
  readonly origin?: { readonly variable: Variable; readonly at: readonly number[] };
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
        : splitWords(variable.value).map(({ text, at }) => ({ text, origin: { variable, at } }));
    }
    return [
      {
        text: word.replace(/\$\$|\$\{([A-Za-z_][A-Za-z0-9_]*)\}/g, (_match, name: string | undefined) =>
          name === undefined ? '$' : (environment.get(name)?.value ?? ''),
        ),
      },
    ];
  });
}

interface Word {
  readonly text: string;
  readonly at: readonly number[];
}

/** systemd's word splitting with quotes removed; a backslash escapes the next character. */
function splitWords(value: string): readonly Word[] {
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
