/** The pages of the documentation, and the commands of the plugin in them. */
import { readdirSync, readFileSync } from 'node:fs';

const ROOT = new URL('../../../', import.meta.url);
const FOLDERS = ['docs/', 'docs/runbooks/', 'docs/adr/'];

/** Paths from the root of the repository. */
export const PAGES: readonly string[] = [
  ...readdirSync(ROOT).filter((name) => name.endsWith('.md')),
  ...FOLDERS.flatMap((folder) =>
    readdirSync(new URL(folder, ROOT))
      .filter((name) => name.endsWith('.md'))
      .map((name) => `${folder}${name}`),
  ),
  'test/cluster/README.md',
];

export const readPage = (page: string): string => readFileSync(new URL(page, ROOT), 'utf8');

/** In blocks, and in the middle of a sentence. */
export function pluginCommandsOf(page: string): readonly string[] {
  const text = readPage(page);
  const inline = [...text.matchAll(/`kubectl dnshealth ([^`]+)`/g)].map(([, words = '']) => words);
  const inBlocks = [...text.matchAll(/^ *(?:\$ )?kubectl dnshealth (.+)$/gm)].map(([, words = '']) => words);
  return [...inline, ...inBlocks];
}
