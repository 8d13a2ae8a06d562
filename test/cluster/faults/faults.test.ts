import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { FAULTS } from './faults.ts';

it('lists every fault in the README of the rig', () => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
  const listed = [...readme.matchAll(/^\| `([a-z-]+)` \| .* \| .* \|$/gm)].map((row) => row[1]);
  expect(listed).toEqual(Object.keys(FAULTS));
});
