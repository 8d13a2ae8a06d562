/** Splits the text of a systemd unit into its assignments, with continued lines joined. */

export interface Assignment {
  readonly key: string;
  readonly value: string;
  /** The lines of the file that it consists of, without comments. */
  readonly lines: readonly { readonly number: number; readonly text: string }[];
}

export function parseUnit(text: string): readonly Assignment[] {
  const assignments: Assignment[] = [];
  let open: { number: number; text: string }[] = [];
  for (const [index, raw] of text.split('\n').entries()) {
    const line = raw.replace(/\r$/, '');
    // A comment within a continued line is skipped; the line goes on after it.
    if (/^\s*[#;]/.test(line)) continue;
    open.push({ number: index + 1, text: line });
    if (line.endsWith('\\')) continue;
    const joined = open.map((part) => part.text.replace(/\\$/, ' ')).join('');
    const equals = joined.indexOf('=');
    if (equals > 0)
      assignments.push({
        key: joined.slice(0, equals).trim(),
        value: joined.slice(equals + 1).trim(),
        lines: open,
      });
    open = [];
  }
  return assignments;
}
