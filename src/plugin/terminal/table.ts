/** Columns as kubectl prints them: no borders, three blanks between them, so that grep, awk and cut can read them. */

export interface Column<T> {
  readonly title: string;
  readonly of: (row: T) => string;
  /** Only with `-o wide`. */
  readonly wide?: true;
  /** Left out where the terminal is too narrow for all columns, the last ones first. */
  readonly isExtra?: true;
}

interface Room {
  readonly isWide?: boolean;
  /** Of the terminal; undefined: as much as is needed. */
  readonly columns?: number | undefined;
}

export function table<T>(
  columns: readonly Column<T>[],
  rows: readonly T[],
  { isWide = false, columns: room }: Room = {},
): string {
  const all = columns.filter(({ wide }) => isWide || wide !== true).map((column) => cellsOf(column, rows));
  const shown = isWide || room === undefined ? all : fitting(all, room);
  return Array.from(
    { length: rows.length + 1 },
    (_none, line) =>
      `${shown
        .map(({ cells, width }) => (cells[line] ?? '').padEnd(width))
        .join(GAP)
        .trimEnd()}\n`,
  ).join('');
}

const GAP = '   ';

function fitting(shown: readonly Cells[], room: number): readonly Cells[] {
  const extra = shown.findLastIndex(({ isExtra }) => isExtra);
  return widthOf(shown) <= room || extra === -1 ? shown : fitting(shown.toSpliced(extra, 1), room);
}

interface Cells {
  readonly cells: readonly string[];
  readonly width: number;
  readonly isExtra: boolean;
}

function cellsOf<T>({ title, of, isExtra }: Column<T>, rows: readonly T[]): Cells {
  const cells = [title, ...rows.map((row) => of(row).replaceAll(/\s+/g, ' ').trim() || '<none>')];
  return { cells, width: Math.max(...cells.map(({ length }) => length)), isExtra: isExtra === true };
}

const widthOf = (shown: readonly Cells[]): number =>
  shown.reduce((sum, { width }) => sum + width, 0) + GAP.length * Math.max(0, shown.length - 1);
