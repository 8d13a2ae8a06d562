/** `make release`: image, proofs, install manifest, chart and plugin in dist/release/, signed; with REGISTRY also pushed. */
import type { KeyObject } from 'node:crypto';
import { copyFile, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import packageJson from '../../package.json' with { type: 'json' };
import { sha256OfFile } from '../digest.ts';
import { kustomizeLine } from '../image/kustomize-line.ts';
import { buildOperatorImage } from '../image/operator-image.ts';
import { IMAGE_PLATFORMS } from '../image/platforms.ts';
import { writePlugin } from '../plugin/write-plugin.ts';
import { writeChartArchive } from './chart-archive.ts';
import { parseReference } from './image-reference.ts';
import { findRenderer, installManifest } from './install-manifest.ts';
import { proveImage } from './prove-image.ts';
import { provenanceOf, sourceOf } from './provenance.ts';
import { pushLayout } from './push-layout.ts';
import { environmentCredentials } from './registry-auth.ts';
import { openRepository } from './registry-client.ts';
import { npmSbom, type Sbom, sbomOf } from './sbom.ts';
import { DEFAULT_KEY, publicKeyFile, readPrivateKey, signatureOf } from './signing-key.ts';

const OUT = 'dist/release';
const DIST = 'dist';
const { version } = packageJson;
const { REGISTRY, PLUGIN_URL, KEY, KEY_PASSWORD, SOURCE_DATE_EPOCH = '0', BUILDER } = process.env;

async function release(): Promise<void> {
  // Everything that can be missing, before anything is built.
  const keyFile = KEY || DEFAULT_KEY;
  const key = await readPrivateKey(keyFile, KEY_PASSWORD || undefined);
  const renderer = await findRenderer();
  const repository = REGISTRY ? `${REGISTRY}/${packageJson.name}` : packageJson.name;
  const target = REGISTRY ? parseReference(`${repository}:${version}`) : undefined;
  const source = await sourceOf('.');
  const time = Number(SOURCE_DATE_EPOCH);

  await rm(OUT, { recursive: true, force: true });
  await mkdir(OUT, { recursive: true });
  const folder = join(OUT, 'image');
  const image = await buildOperatorImage({ folder, dist: DIST, platforms: IMAGE_PLATFORMS, time });
  const { digest } = image.index;

  const npm = await npmSbom();
  const sboms = new Map<string, Sbom>();
  for (const platform of IMAGE_PLATFORMS) {
    const sbom = await sbomOf(platform, { npm, dist: DIST, time });
    sboms.set(platform.arch, sbom);
    await writeJson(`sbom-linux-${platform.arch}.cdx.json`, sbom);
  }
  const builder = BUILDER || 'https://dnshealth.io/builder/a-checkout';
  const provenance = await provenanceOf({ source, time, builder });
  await writeJson('provenance.json', provenance);
  await proveImage(folder, image, { key, repository, provenance, sboms });

  await writeFile(join(OUT, 'install.yaml'), await installManifest({ repository, digest, renderer }));
  const chart = join(OUT, `${packageJson.name}-${version}.tgz`);
  await writeChartArchive({ file: chart, repository, digest });
  await writePlugin(OUT, { version, url: PLUGIN_URL });
  await copyFile(publicKeyFile(keyFile), join(OUT, 'release.pub'));
  await writeSums(key);

  if (target) {
    const sent = await pushLayout(folder, openRepository(target, environmentCredentials()));
    console.log(`pushed ${repository}:${version}: ${sent} blobs and manifests, the others were there`);
  }
  console.log(`${OUT}: ${repository}@${digest}`);
  console.log(`for a checkout: ${kustomizeLine(repository, digest)}`);
  if (!target)
    console.log(
      'nothing was pushed, because REGISTRY is not set: install.yaml and the chart name no registry',
    );
}

const writeJson = async (name: string, content: unknown): Promise<void> =>
  writeFile(join(OUT, name), `${JSON.stringify(content, null, 2)}\n`);

/** One signature for all files: `sha256sum --check` does the rest. The image has its own. */
async function writeSums(key: KeyObject): Promise<void> {
  const names = (await readdir(OUT, { withFileTypes: true })).filter((entry) => entry.isFile());
  const lines = await Promise.all(
    names.map(async ({ name }) => `${await sha256OfFile(join(OUT, name))}  ${name}\n`),
  );
  const file = join(OUT, 'SHA256SUMS');
  await writeFile(file, lines.sort().join(''));
  await writeFile(`${file}.sig`, `${signatureOf(await readFile(file), key)}\n`);
}

try {
  await release();
} catch (error) {
  console.error(`no release: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
