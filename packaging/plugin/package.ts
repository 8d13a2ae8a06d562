/** `npm run package:plugin`: the archives of all platforms and the krew manifest, in dist/krew/. */
import { mkdir, writeFile } from 'node:fs/promises';
import { basename } from 'node:path';
import packageJson from '../../package.json' with { type: 'json' };
import { type Archive, packagePlugin } from './archive.ts';
import { krewManifest } from './krew-manifest.ts';
import { PLATFORMS } from './platforms.ts';

const OUT = 'dist/krew';
const url = process.env['PLUGIN_URL'];
if (!url) {
  console.error(
    'PLUGIN_URL is not set: it is the folder that the archives will be downloaded from, for example https://example.com/releases/v0.1.0',
  );
  process.exit(1);
}

await mkdir(OUT, { recursive: true });
const archives: Archive[] = [];
for (const platform of PLATFORMS) {
  const archive = await packagePlugin(platform, OUT);
  archives.push(archive);
  console.log(`${archive.sha256}  ${basename(archive.file)}  ${(archive.bytes / 2 ** 20).toFixed(1)} MiB`);
}
await writeFile(`${OUT}/dnshealth.yaml`, krewManifest({ version: packageJson.version, url, archives }));
