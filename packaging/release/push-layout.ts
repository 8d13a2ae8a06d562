/** Pushes what has a name in a layout to a repository. What is there already is not sent again. */
import { layoutStore, readContent } from '../image/content-store.ts';
import { type Descriptor, isManifest, referredBy } from '../image/oci-content.ts';
import { blobPath, namedContent, REF_NAME } from '../image/oci-layout.ts';
import type { Repository } from './registry-client.ts';

/** @returns how many blobs and manifests were sent */
export async function pushLayout(folder: string, to: Repository): Promise<number> {
  const layout = layoutStore(folder);
  let sent = 0;
  /** First what it refers to, because a registry takes no manifest whose parts are missing. */
  async function push(descriptor: Descriptor, tag?: string): Promise<void> {
    if (!isManifest(descriptor.mediaType)) {
      if (await to.has(descriptor)) return;
      await to.pushBlob(descriptor, blobPath(folder, descriptor.digest));
      sent++;
      return;
    }
    if (tag === undefined ? await to.has(descriptor) : (await to.resolve(tag))?.digest === descriptor.digest)
      return;
    const bytes = await readContent(layout, descriptor);
    for (const part of referredBy(descriptor.mediaType, bytes)) await push(part);
    await to.pushManifest(descriptor, bytes, tag ?? descriptor.digest);
    sent++;
  }
  // The image last: whoever sees its tag finds its signatures.
  const named = await namedContent(folder);
  for (const descriptor of named.toSorted((a, b) => Number(isProof(b)) - Number(isProof(a))))
    await push(descriptor, descriptor.annotations?.[REF_NAME]);
  return sent;
}

const isProof = ({ annotations }: Descriptor): boolean =>
  /\.(?:sig|att)$/.test(annotations?.[REF_NAME] ?? '');
