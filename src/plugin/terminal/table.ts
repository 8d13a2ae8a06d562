/** Columns as kubectl prints them: no borders, three blanks between them, so that grep, awk and cut can read them. */

export interface Column<T> {
  readonly title: string;
  readonly of: (row: T) => string;
  /** Only with `-o wide`. */
  readonly wide?: true;
}

export function table<T>(columns: readonly Column<T>[], rows: readonly T[], isWide = false): string {
  const shown = columns.filter(({ wide }) => isWide || wide !== true);
  const lines = [
    shown.map(({ title }) => title),
    ...rows.map((row) => shown.map(({ of }) => of(row).replaceAll(/\s+/g, ' ').trim() || '<none>')),
  ];
  const widths = shown.map((_column, at) => Math.max(...lines.map((line) => line[at]?.length ?? 0)));
  return lines
    .map(
      (line) =>
        `${line
          .map((cell, at) => cell.padEnd(widths[at] ?? 0))
          .join('   ')
          .trimEnd()}\n`,
    )
    .join('');
}
