/** One archive for a platform: Node, the bundle, what starts it, and the licences. The same content is the same bytes. */
import { createReadStream, createWriteStream } from 'node:fs';
import { copyFile, cp, mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { sha256OfFile } from '../digest.ts';
import { licencesOf } from '../licences.ts';
import { fetchNode } from '../node-binary.ts';
import { gzip, writeTar } from '../tar.ts';
import { bundlePlugin } from './bundle.ts';
import type { Platform } from './platforms.ts';

/** The folder in the archive. */
export const TOP = 'kubectl-dnshealth';

export interface Archive {
  readonly platform: Platform;
  readonly file: string;
  readonly sha256: string;
  readonly bytes: number;
}

export const archiveName = ({ os, arch }: Platform): string => `kubectl-dnshealth-${os}-${arch}.tar.gz`;

/** @param outdir where the archive is written to */
export async function packagePlugin(platform: Platform, outdir: string): Promise<Archive> {
  const work = await mkdtemp(join(tmpdir(), 'package-plugin-'));
  try {
    const top = join(work, TOP);
    await mkdir(join(top, 'lib'), { recursive: true });
    await fetchNode(platform.node, join(work, 'node'));
    const bundle = await bundlePlugin(join(top, 'lib'));
    await copyFile(join(work, 'node/bin/node'), join(top, 'lib/node'));
    // The bundle is ES modules, wherever it is unpacked.
    await writeFile(join(top, 'lib/package.json'), '{ "type": "module" }\n');
    await cp(join(import.meta.dirname, 'files'), top, { recursive: true });
    await copyFile('LICENSE', join(top, 'LICENSE'));
    await copyFile(join(work, 'node/LICENSE'), join(top, 'lib/LICENSE.node'));
    await writeFile(join(top, 'lib/LICENSES.packages'), await licencesOf([bundle]));
    await mkdir(outdir, { recursive: true });
    const file = join(outdir, archiveName(platform));
    await pack(work, file);
    return { platform, file, sha256: await sha256OfFile(file), bytes: (await stat(file)).size };
  } finally {
    await rm(work, { recursive: true });
  }
}

async function pack(work: string, file: string): Promise<void> {
  const tar = join(work, 'plugin.tar');
  await writeTar({ root: work, names: [TOP], file: tar, mode: 'u+rw,go-w,a+rX' });
  await pipeline(createReadStream(tar), ...gzip(), createWriteStream(file));
}
