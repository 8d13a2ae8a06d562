/** A folder in the OCI image layout: blobs by their digests, and an index of what can be found under which name. */
import { createReadStream, createWriteStream, existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { sha256, sha256OfFile } from '../digest.ts';
import { gzip } from '../tar.ts';
import { type Descriptor, indexSchema, MEDIA_TYPE } from './oci-content.ts';

export interface Layer {
  readonly descriptor: Descriptor;
  /** Digest of the uncompressed archive. */
  readonly diffId: string;
  readonly uncompressedBytes: number;
}

export interface OciLayout {
  readonly folder: string;
  readonly writeBytes: (mediaType: string, content: Uint8Array) => Promise<Descriptor>;
  readonly writeJson: (mediaType: string, content: unknown) => Promise<Descriptor>;
  /** Takes the archive away from where it is. */
  readonly addLayer: (tar: string, options: { readonly compress: boolean }) => Promise<Layer>;
  /** Names a manifest or an index, in place of what had the name before; without one no reader finds it. */
  readonly tag: (name: string, descriptor: Descriptor) => Promise<void>;
}

export const REF_NAME = 'org.opencontainers.image.ref.name';

/** The path of a blob in a layout, wherever that is. */
export const blobPath = (folder: string, digest: string): string =>
  join(folder, 'blobs', digest.replace(':', '/'));

/** What has a name in the layout. */
export async function namedContent(folder: string): Promise<readonly Descriptor[]> {
  return indexSchema.parse(JSON.parse(await readFile(join(folder, 'index.json'), 'utf8'))).manifests;
}

/** The layout in the folder, which is made if it is not there. */
export async function openOciLayout(folder: string): Promise<OciLayout> {
  await mkdir(join(folder, 'blobs/sha256'), { recursive: true });
  await writeFile(join(folder, 'oci-layout'), JSON.stringify({ imageLayoutVersion: '1.0.0' }));
  const writeBytes = async (mediaType: string, bytes: Uint8Array): Promise<Descriptor> => {
    const digest = `sha256:${sha256(bytes)}`;
    await writeFile(blobPath(folder, digest), bytes);
    return { mediaType, digest, size: bytes.length };
  };
  return {
    folder,
    writeBytes,
    writeJson: async (mediaType, content) => writeBytes(mediaType, Buffer.from(JSON.stringify(content))),
    addLayer: async (tar, { compress }) => {
      const diffId = `sha256:${await sha256OfFile(tar)}`;
      const uncompressedBytes = (await stat(tar)).size;
      const file = compress ? `${tar}.gz` : tar;
      if (compress) {
        await pipeline(createReadStream(tar), ...gzip(), createWriteStream(file));
        await rm(tar);
      }
      const digest = compress ? `sha256:${await sha256OfFile(file)}` : diffId;
      await rename(file, blobPath(folder, digest));
      const { size } = await stat(blobPath(folder, digest));
      const mediaType = compress ? MEDIA_TYPE.tarGzip : MEDIA_TYPE.tar;
      return { descriptor: { mediaType, digest, size }, diffId, uncompressedBytes };
    },
    tag: async (name, descriptor) => {
      const file = join(folder, 'index.json');
      const named = existsSync(file) ? await namedContent(folder) : [];
      const others = named.filter(({ annotations }) => annotations?.[REF_NAME] !== name);
      const annotations = { ...descriptor.annotations, [REF_NAME]: name };
      const manifests = [...others, { ...descriptor, annotations }];
      await writeFile(file, JSON.stringify({ schemaVersion: 2, mediaType: MEDIA_TYPE.index, manifests }));
    },
  };
}
