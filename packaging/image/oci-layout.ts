/** A folder in the OCI image layout: blobs by their digests, and an index of what can be found under which name. */
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { sha256, sha256OfFile } from '../digest.ts';
import { gzip } from '../tar.ts';

export const MEDIA_TYPE = {
  index: 'application/vnd.oci.image.index.v1+json',
  manifest: 'application/vnd.oci.image.manifest.v1+json',
  config: 'application/vnd.oci.image.config.v1+json',
  tar: 'application/vnd.oci.image.layer.v1.tar',
  tarGzip: 'application/vnd.oci.image.layer.v1.tar+gzip',
} as const;

export interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
  readonly platform?: { readonly os: string; readonly architecture: string; readonly variant?: string };
  readonly annotations?: Readonly<Record<string, string>>;
}

export interface Layer {
  readonly descriptor: Descriptor;
  /** Digest of the uncompressed archive. */
  readonly diffId: string;
  readonly uncompressedBytes: number;
}

export interface OciLayout {
  readonly folder: string;
  readonly writeJson: (mediaType: string, content: unknown) => Promise<Descriptor>;
  /** Takes the archive away from where it is. */
  readonly addLayer: (tar: string, options: { readonly compress: boolean }) => Promise<Layer>;
  readonly blob: (digest: string) => string;
  /** Names the content; without this no reader finds it. */
  readonly writeIndex: (manifests: readonly Descriptor[]) => Promise<void>;
}

/** The path of a blob in a layout, wherever that is. */
export const blobPath = (folder: string, digest: string): string =>
  join(folder, 'blobs', digest.replace(':', '/'));

export async function createOciLayout(folder: string): Promise<OciLayout> {
  const blob = (digest: string): string => blobPath(folder, digest);
  await mkdir(join(folder, 'blobs/sha256'), { recursive: true });
  await writeFile(join(folder, 'oci-layout'), JSON.stringify({ imageLayoutVersion: '1.0.0' }));
  return {
    folder,
    blob,
    writeJson: async (mediaType, content) => {
      const bytes = Buffer.from(JSON.stringify(content));
      const digest = `sha256:${sha256(bytes)}`;
      await writeFile(blob(digest), bytes);
      return { mediaType, digest, size: bytes.length };
    },
    addLayer: async (tar, { compress }) => {
      const diffId = `sha256:${await sha256OfFile(tar)}`;
      const uncompressedBytes = (await stat(tar)).size;
      const file = compress ? `${tar}.gz` : tar;
      if (compress) {
        await pipeline(createReadStream(tar), ...gzip(), createWriteStream(file));
        await rm(tar);
      }
      const digest = compress ? `sha256:${await sha256OfFile(file)}` : diffId;
      await rename(file, blob(digest));
      const { size } = await stat(blob(digest));
      const mediaType = compress ? MEDIA_TYPE.tarGzip : MEDIA_TYPE.tar;
      return { descriptor: { mediaType, digest, size }, diffId, uncompressedBytes };
    },
    writeIndex: async (manifests) => {
      const index = { schemaVersion: 2, mediaType: MEDIA_TYPE.index, manifests };
      await writeFile(join(folder, 'index.json'), JSON.stringify(index));
    },
  };
}

/** The JSON of a blob, which is checked against its digest. */
export async function readJsonBlob(folder: string, digest: string): Promise<unknown> {
  const bytes = await readFile(blobPath(folder, digest));
  const found = `sha256:${sha256(bytes)}`;
  if (found !== digest) throw new Error(`${blobPath(folder, digest)} has the digest ${found}`);
  return JSON.parse(bytes.toString('utf8'));
}
