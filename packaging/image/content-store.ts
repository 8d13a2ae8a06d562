/** Where an image is read from: a layout on disk or a repository of a registry. Nothing is taken without its digest. */
import { readFile } from 'node:fs/promises';
import { sha256 } from '../digest.ts';
import type { Descriptor } from './oci-content.ts';
import { blobPath, namedContent, REF_NAME } from './oci-layout.ts';

export interface ContentStore {
  /** For messages. */
  readonly name: string;
  /** What has this tag, or undefined. */
  readonly resolve: (tag: string) => Promise<Descriptor | undefined>;
  /** Whatever is there under this digest, not checked, or undefined. */
  readonly load: (descriptor: Descriptor) => Promise<Uint8Array | undefined>;
}

/** @throws Error if the content is missing, or is not what the digest says */
export async function readContent(store: ContentStore, descriptor: Descriptor): Promise<Uint8Array> {
  const bytes = await store.load(descriptor);
  if (bytes === undefined)
    throw new Error(`${store.name} has no ${descriptor.digest} (${descriptor.mediaType})`);
  const found = `sha256:${sha256(bytes)}`;
  if (found !== descriptor.digest)
    throw new Error(
      `${store.name} has something else as ${descriptor.digest} (${descriptor.mediaType}): its digest is ${found}`,
    );
  return bytes;
}

export async function readJson(store: ContentStore, descriptor: Descriptor): Promise<unknown> {
  return JSON.parse(Buffer.from(await readContent(store, descriptor)).toString('utf8'));
}

export const layoutStore = (folder: string): ContentStore => ({
  name: folder,
  resolve: async (tag) =>
    (await namedContent(folder)).find(({ annotations }) => annotations?.[REF_NAME] === tag),
  load: async ({ digest }) =>
    readFile(blobPath(folder, digest)).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined;
      throw error;
    }),
});
