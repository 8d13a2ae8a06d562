/** The licences of the npm packages whose code is in a bundle, as one text. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Metafile } from 'esbuild';

export async function licencesOf(bundles: readonly Metafile[]): Promise<string> {
  const texts = await Promise.all(
    packagesIn(bundles).map(async (folder) => {
      const { name, version, license } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'));
      const files = (await readdir(folder)).filter((file) => /^(?:licen[cs]e|copying)/i.test(file)).sort();
      const contents = await Promise.all(files.map(async (file) => readFile(join(folder, file), 'utf8')));
      return [`== ${name} ${version} (${license})`, ...contents.map((text) => text.trim())].join('\n\n');
    }),
  );
  return `${texts.join('\n\n')}\n`;
}

/** Folders of the packages, such as "node_modules/commander". */
export function packagesIn(bundles: readonly Metafile[]): readonly string[] {
  const folders = bundles
    .flatMap(({ inputs }) => Object.keys(inputs))
    .flatMap((file) => /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file)?.[0] ?? []);
  return [...new Set(folders)].sort();
}
