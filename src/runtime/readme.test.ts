import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

const PAGE = new URL('README.md', import.meta.url);
const ROOT = new URL('../../', import.meta.url);
/** The last cell of a guarantee: a file and the name of a test in it. */
const NAMED = /\| `([^`]+\.test\.ts)`: (.+?) \|$/gm;

it('names only tests that exist', () => {
  const named = [...readFileSync(PAGE, 'utf8').matchAll(NAMED)].map(([, file = '', name = '']) => ({
    file,
    name,
  }));
  expect(named.length).toBeGreaterThan(30);
  const missing = named.filter(
    ({ file, name }) => !readFileSync(new URL(file, ROOT), 'utf8').includes(`'${name}'`),
  );
  expect(missing).toEqual([]);
});
