import { chmod, mkdir, mkdtemp, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { sha256 } from '../digest.ts';
import { writeTar } from '../tar.ts';
import { layoutStore, readJson } from './content-store.ts';
import { imageConfig } from './image-config.ts';
import { type BuiltImage, type LayerSource, writeImageIndex } from './image-index.ts';
import type { Descriptor } from './oci-content.ts';

let work: string;
beforeAll(async () => {
  work = await mkdtemp(join(tmpdir(), 'image-index-'));
});
afterAll(async () => rm(work, { recursive: true }));

interface Build {
  readonly name: string;
  readonly files: Readonly<Record<string, string>>;
  readonly time?: number;
  /** When the files were written, on a clock that was wrong. */
  readonly writtenAt?: number;
}

/** An image of one small layer for each platform. */
async function build({ name, files, time = 0, writtenAt }: Build): Promise<BuiltImage> {
  const layer = (arch: string): LayerSource => ({
    createdBy: 'test',
    add: async (layout) => {
      const root = join(work, `${name}-${arch}`);
      await mkdir(root);
      for (const [file, text] of Object.entries(files)) {
        await writeFile(join(root, file), text);
        if (writtenAt !== undefined) await utimes(join(root, file), writtenAt, writtenAt);
        if (writtenAt !== undefined) await chmod(join(root, file), 0o600);
      }
      await writeTar({ root, names: ['.'], file: `${root}.tar`, time, mode: 'u+rw,go-w,a+rX' });
      return layout.addLayer(`${root}.tar`, { compress: true });
    },
  });
  return writeImageIndex({
    folder: join(work, name),
    config: imageConfig(),
    created: time,
    name: '1.2.3',
    platforms: ['amd64', 'arm64'].map((arch) => ({ arch, layers: [layer(arch)] })),
  });
}

it('two builds have the same digest, whatever the time, the permissions and the order of the files were', async () => {
  const first = await build({ name: 'first', files: { a: '1', b: '2' } });
  const second = await build({ name: 'second', files: { b: '2', a: '1' }, writtenAt: 1_700_000_000 });
  expect(second).toEqual(first);
});

it('another content or another SOURCE_DATE_EPOCH is another digest', async () => {
  const { index } = await build({ name: 'one', files: { a: '1' } });
  const other = await build({ name: 'other', files: { a: '2' } });
  const later = await build({ name: 'later', files: { a: '1' }, time: 1_700_000_000 });
  expect(new Set([index.digest, other.index.digest, later.index.digest]).size).toBe(3);
});

it('the index names a manifest for each platform, and the configuration the digests of the unpacked layers', async () => {
  const { index, platforms } = await build({ name: 'whole', files: { a: '1' } });
  const folder = join(work, 'whole');
  const layout: unknown = JSON.parse(await readFile(join(folder, 'index.json'), 'utf8'));
  expect(layout).toMatchObject({
    manifests: [{ digest: index.digest, annotations: { 'org.opencontainers.image.ref.name': '1.2.3' } }],
  });
  expect(await readJson(layoutStore(folder), index)).toMatchObject({
    manifests: [
      { digest: platforms[0]?.manifest.digest, platform: { os: 'linux', architecture: 'amd64' } },
      { digest: platforms[1]?.manifest.digest, platform: { os: 'linux', architecture: 'arm64' } },
    ],
  });
  for (const { manifest, arch, layers } of platforms) {
    const content = (await readJson(layoutStore(folder), manifest)) as {
      readonly config: Descriptor;
    };
    expect(await readJson(layoutStore(folder), content.config)).toMatchObject({
      architecture: arch,
      created: '1970-01-01T00:00:00Z',
      rootfs: { diff_ids: layers.map(({ diffId }) => diffId) },
    });
    const [layer] = layers;
    const bytes = await readFile(join(folder, 'blobs', (layer?.descriptor.digest ?? '').replace(':', '/')));
    expect(`sha256:${sha256(gunzipSync(bytes))}`).toBe(layer?.diffId);
    // Neither a time nor the operating system of the builder.
    expect(bytes.subarray(4, 10).toString('hex')).toBe('0000000000ff');
  }
});

it('a blob that was changed is not read', async () => {
  const { index } = await build({ name: 'changed', files: { a: '1' } });
  const folder = join(work, 'changed');
  await writeFile(join(folder, 'blobs', index.digest.replace(':', '/')), '{}');
  await expect(readJson(layoutStore(folder), index)).rejects.toThrow(/changed has something else as sha256:/);
});
