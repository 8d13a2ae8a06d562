/** Whether an image is what was released: signatures, statements, and every byte down to the unpacked layers. */
import type { KeyObject } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import { sha256 } from '../digest.ts';
import { type ContentStore, readContent, readJson } from '../image/content-store.ts';
import {
  configSchema,
  type Descriptor,
  indexSchema,
  MEDIA_TYPE,
  manifestSchema,
} from '../image/oci-content.ts';
import { PREDICATE, verifyAttestation } from './attestation.ts';
import { verifySignature } from './signature.ts';

export interface Verified {
  readonly digest: string;
  readonly architectures: readonly string[];
  /** Of the SLSA provenance. */
  readonly provenance: unknown;
}

/** @throws Error that says what is wrong, with the first thing that is */
export async function verifyImage(store: ContentStore, index: Descriptor, key: KeyObject): Promise<Verified> {
  await verifySignature(store, index.digest, key);
  const provenance = await verifyAttestation(store, index.digest, {
    predicateType: PREDICATE.provenance,
    key,
  });
  const { manifests } = indexSchema.parse(await readJson(store, index));
  const architectures: string[] = [];
  for (const manifest of manifests) {
    await verifySignature(store, manifest.digest, key);
    await verifyAttestation(store, manifest.digest, { predicateType: PREDICATE.sbom, key });
    architectures.push(await verifyContent(store, manifest));
  }
  return { digest: index.digest, architectures, provenance };
}

/** @returns the architecture */
async function verifyContent(store: ContentStore, descriptor: Descriptor): Promise<string> {
  const manifest = manifestSchema.parse(await readJson(store, descriptor));
  const { architecture, rootfs } = configSchema.parse(await readJson(store, manifest.config));
  for (const [index, layer] of manifest.layers.entries()) {
    const bytes = await readContent(store, layer);
    const unpacked = layer.mediaType === MEDIA_TYPE.tarGzip ? gunzipSync(bytes) : bytes;
    const found = `sha256:${sha256(unpacked)}`;
    if (found !== rootfs.diff_ids[index])
      throw new Error(
        `layer ${index + 1} for ${architecture} unpacks to ${found} instead of ${rootfs.diff_ids[index]}`,
      );
  }
  return architecture;
}
