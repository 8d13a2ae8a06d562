/** Every link of every page leads somewhere: to a file that exists, and to a heading that the page has. */
import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { PAGES, readPage } from './pages.ts';

const ROOT = new URL('../../../', import.meta.url);

/** As GitHub makes them: punctuation goes, blanks become hyphens. */
const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replaceAll(/[^\p{Letter}\p{Number}\s_-]/gu, '')
    .replaceAll(/\s/g, '-');

function anchorsOf(page: string): readonly string[] {
  const headings = withoutBlocks(readPage(page)).matchAll(/^#{1,6} (.+)$/gm);
  return [...headings].map(([, heading = '']) => anchorOf(heading));
}

const withoutBlocks = (text: string): string => text.replaceAll(/^ *```.*?^ *```/gms, '');

/** @returns why nobody could follow it, or nothing */
function problemOf(page: string, link: string): string | undefined {
  if (link.startsWith('https://')) return URL.canParse(link) ? undefined : 'is no address';
  if (/^[a-z]+:/.test(link)) return 'is not https';
  const [path = '', anchor] = link.split('#');
  const target = path === '' ? new URL(page, ROOT) : new URL(path, new URL(page, ROOT));
  if (!existsSync(target)) return 'leads to no file';
  if (anchor === undefined) return undefined;
  const found = anchorsOf(target.href.slice(ROOT.href.length));
  return found.includes(anchor) ? undefined : `is none of ${found.join(', ')}`;
}

describe.each(PAGES)('%s', (page) => {
  it('has only links that lead somewhere', () => {
    const links = [...withoutBlocks(readPage(page)).matchAll(/\]\(([^)\s]+)\)/g)].map(
      ([, link = '']) => link,
    );
    const broken = links.flatMap((link) => {
      const problem = problemOf(page, link);
      return problem === undefined ? [] : [`${link} ${problem}`];
    });
    expect(broken).toEqual([]);
  });
});
