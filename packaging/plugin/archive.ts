/** One archive for a platform: Node, the bundle, what starts it, and the licences. The same content is the same bytes. */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { copyFile, cp, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { createGzip } from 'node:zlib';
import type { Metafile } from 'esbuild';
import { bundlePlugin, packagesIn } from './bundle.ts';
import { fetchNode } from './node-binary.ts';
import type { Platform } from './platforms.ts';

const run = promisify(execFile);
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
    await fetchNode(platform, join(work, 'node'));
    const bundle = await bundlePlugin(join(top, 'lib'));
    await copyFile(join(work, 'node/bin/node'), join(top, 'lib/node'));
    // The bundle is ES modules, wherever it is unpacked.
    await writeFile(join(top, 'lib/package.json'), '{ "type": "module" }\n');
    await cp(join(import.meta.dirname, 'files'), top, { recursive: true });
    await copyFile('LICENSE', join(top, 'LICENSE'));
    await copyFile(join(work, 'node/LICENSE'), join(top, 'lib/LICENSE.node'));
    await writeFile(join(top, 'lib/LICENSES.packages'), await licencesOf(bundle));
    await mkdir(outdir, { recursive: true });
    const file = join(outdir, archiveName(platform));
    await pack(work, file);
    return { platform, file, sha256: await sha256Of(file), bytes: (await stat(file)).size };
  } finally {
    await rm(work, { recursive: true });
  }
}

/** Neither the order of the file system, nor owners, times and umask of the machine get into the archive. */
async function pack(work: string, file: string): Promise<void> {
  const tar = join(work, 'plugin.tar');
  const same = ['--sort=name', '--mtime=@0', '--owner=0', '--group=0', '--numeric-owner', '--format=ustar'];
  await run('tar', [...same, '--mode=u+rw,go-w,a+rX', '-C', work, '-cf', tar, TOP]);
  await pipeline(createReadStream(tar), createGzip(), createWriteStream(file));
}

async function licencesOf(bundle: Metafile): Promise<string> {
  const texts = await Promise.all(
    packagesIn(bundle).map(async (folder) => {
      const { name, version, license } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'));
      const files = (await readdir(folder)).filter((file) => /^(?:licen[cs]e|copying)/i.test(file)).sort();
      const contents = await Promise.all(files.map(async (file) => readFile(join(folder, file), 'utf8')));
      return [`== ${name} ${version} (${license})`, ...contents.map((text) => text.trim())].join('\n\n');
    }),
  );
  return `${texts.join('\n\n')}\n`;
}

async function sha256Of(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
}
