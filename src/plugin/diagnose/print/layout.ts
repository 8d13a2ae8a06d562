/** Lines of text within the width of a terminal: wrapped sentences, and columns whose cells wrap. Pure. */

/** Log lines and messages are other people's text: a line break in them must not look like a line of ours. */
export const oneLine = (text: string): string => text.trim().replaceAll(/\s+/g, ' ');

/** At blanks; a word that is longer than a line is cut, because a path that runs out of the screen is lost. */
export function wrap(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  let line = '';
  if (oneLine(text) === '') return [];
  for (const word of oneLine(text).split(' ')) {
    let rest = word;
    if (line !== '' && line.length + 1 + rest.length <= width) {
      line += ` ${rest}`;
      continue;
    }
    if (line !== '') lines.push(line);
    while (rest.length > width) {
      lines.push(rest.slice(0, width));
      rest = rest.slice(width);
    }
    line = rest;
  }
  return [...lines, line];
}

const GAP = 2;

/** Each row as one or more lines; the last column takes what is left of the width. */
export function columns(rows: readonly (readonly string[])[], width: number): readonly string[] {
  const count = Math.max(0, ...rows.map((row) => row.length));
  const share = Math.floor(width / count) - GAP;
  const widths: number[] = [];
  for (let at = 0; at < count; at += 1) {
    const used = widths.reduce((sum, each) => sum + each + GAP, 0);
    const longest = Math.max(0, ...rows.map((row) => oneLine(row[at] ?? '').length));
    const isLast = at === count - 1;
    widths.push(Math.max(1, isLast ? width - used : Math.min(longest, share)));
  }
  return rows.flatMap((row) => {
    const cells = widths.map((each, at) => wrap(row[at] ?? '', each));
    const height = Math.max(...cells.map((cell) => cell.length));
    return Array.from({ length: height }, (_, line) =>
      cells
        .map((cell, at) => (cell[line] ?? '').padEnd(widths[at] ?? 0))
        .join(' '.repeat(GAP))
        .trimEnd(),
    );
  });
}
