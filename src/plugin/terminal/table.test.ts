import { expect, it } from 'vitest';
import { type Column, table } from './table.ts';

interface Pod {
  readonly name: string;
  readonly node: string;
}
const COLUMNS: readonly Column<Pod>[] = [
  { title: 'NAME', of: ({ name }) => name },
  { title: 'NODE', of: ({ node }) => node },
  { title: 'LENGTH', of: ({ name }) => String(name.length), wide: true },
];
const PODS: readonly Pod[] = [
  { name: 'coredns-1', node: 'node-1' },
  { name: 'x', node: '' },
];

it('a table has columns as kubectl prints them, without trailing blanks', () => {
  expect(table(COLUMNS, PODS)).toBe(
    ['NAME        NODE', 'coredns-1   node-1', 'x           <none>', ''].join('\n'),
  );
});

it('a wide table has more columns', () => {
  expect(table(COLUMNS, PODS, { isWide: true }).split('\n')[1]).toBe('coredns-1   node-1   9');
});

it('a cell of several lines stays one line', () => {
  expect(table(COLUMNS, [{ name: 'a\nb', node: 'n' }])).toBe('NAME   NODE\na b    n\n');
});

it('a terminal that is too narrow for all columns has those that are needed, the others from the last one on', () => {
  const extra = ({ name }: Pod) => name;
  const columns: readonly Column<Pod>[] = [
    { title: 'A', of: extra, isExtra: true },
    { title: 'NAME', of: ({ name }) => name },
    { title: 'B', of: extra, isExtra: true },
  ];
  const head = (room: number | undefined, isWide = false) =>
    table(columns, PODS, { columns: room, isWide }).split('\n')[0]?.split(/ +/);
  expect(head(undefined)).toEqual(['A', 'NAME', 'B']);
  expect(head(33)).toEqual(['A', 'NAME', 'B']);
  expect(head(32)).toEqual(['A', 'NAME']);
  expect(head(5)).toEqual(['NAME']);
  expect(head(5, true)).toEqual(['A', 'NAME', 'B']);
});
