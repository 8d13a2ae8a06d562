/** The comparison of two nodes as a table: what differs line by line, and in one line what is the same. Pure. */
import type { ComparedRow, Comparison } from '../compare.ts';
import { columns, oneLine, wrap } from './layout.ts';
import type { TextOptions } from './text.ts';

/** Two kubelets of one tool differ in a few settings; those of two tools in fifty, and then the first ones say enough. */
const MOST_SETTINGS = 12;

/** Title and lines. */
export function comparisonLines(
  { node, sibling, rows, command }: Comparison,
  { width, isWide, out }: TextOptions,
): readonly [string, readonly string[]] {
  const differing = rows.filter(({ same }) => same !== true);
  const shown = isWide ? differing : differing.slice(0, MOST_SETTINGS);
  const left = differing.length - shown.length;
  const same = rows.filter((row) => row.same === true);
  const table = columns([['', node, sibling.node], ...shown.map(cells)], width - 4);
  return [
    `Beside ${sibling.node}, where ${sibling.pod} is healthy`,
    [
      ...table,
      ...(left > 0 ? [`and ${left} more settings that differ (-o wide lists them)`] : []),
      ...(same.length > 0 ? wrap(`The same on both: ${same.map(brief).join(', ')}.`, width - 4) : []),
      ...wrap('What each of them hands out to a new pod:', width - 4),
      `  ${out.paint('bold', oneLine(command))}`,
    ],
  ];
}

const cells = ({ what, here = 'not known', there = 'not known' }: ComparedRow): readonly string[] => [
  what,
  here,
  there,
];

const brief = ({ what, here = '' }: ComparedRow): string => `${what} ${here}`;
