/** The pages of the documentation, and the shell commands that they tell their readers to run. */
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

/** Whole blocks of a shell, and what is behind a prompt in a block that also shows the output. */
export function commandsOf(page: string): readonly string[] {
  const blocks = readPage(page).matchAll(/^( *)```(sh|console)\n(.*?)^ *```/gms);
  return [...blocks].flatMap(([, indent = '', kind, block = '']) => {
    const text = block.replaceAll(new RegExp(`^${indent}`, 'gm'), '');
    if (kind === 'sh') return [text.trim()];
    // A command goes on where its line ends in a backslash.
    return [...text.matchAll(/^\$ ((?:.*\\\n)*.*)$/gm)].map(([, command = '']) => command);
  });
}

/** Also those in the middle of a sentence. */
export function pluginCommandsOf(page: string): readonly string[] {
  const text = readPage(page);
  const inline = [...text.matchAll(/`kubectl dnshealth ([^`]+)`/g)].map(([, words = '']) => words);
  const inBlocks = [...text.matchAll(/^ *(?:\$ )?kubectl dnshealth (.+)$/gm)].map(([, words = '']) => words);
  return [...inline, ...inBlocks];
}
