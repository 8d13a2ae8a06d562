/** Writes the archives of all platforms, and the krew manifest if it is known where they will be downloaded from. */
import { mkdir, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { type Archive, packagePlugin } from './archive.ts';
import { krewManifest } from './krew-manifest.ts';
import { PLATFORMS } from './platforms.ts';

export async function writePlugin(
  folder: string,
  { version, url }: { readonly version: string; readonly url: string | undefined },
): Promise<void> {
  await mkdir(folder, { recursive: true });
  const archives: Archive[] = [];
  for (const platform of PLATFORMS) {
    const archive = await packagePlugin(platform, folder);
    archives.push(archive);
    console.log(`${archive.sha256}  ${basename(archive.file)}  ${(archive.bytes / 2 ** 20).toFixed(1)} MiB`);
  }
  if (url) await writeFile(join(folder, 'dnshealth.yaml'), krewManifest({ version, url, archives }));
}
