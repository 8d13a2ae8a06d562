/** Signatures of images as `cosign sign --key` leaves them beside the image, and as `cosign verify --key` finds them. */
import type { KeyObject } from 'node:crypto';
import * as z from 'zod';
import { type ContentStore, readContent, readJson } from '../image/content-store.ts';
import { type Descriptor, MEDIA_TYPE, manifestSchema } from '../image/oci-content.ts';
import type { OciLayout } from '../image/oci-layout.ts';
import { isSignedBy, signatureOf } from './signing-key.ts';

const PAYLOAD = 'application/vnd.dev.cosign.simplesigning.v1+json';
const SIGNATURE = 'dev.cosignproject.cosign/signature';

/** The tag at which something about the digest is found. */
export const proofTag = (digest: string, kind: 'sig' | 'att'): string =>
  `${digest.replace(':', '-')}.${kind}`;

const payloadSchema = z.object({
  critical: z.object({
    image: z.object({ 'docker-manifest-digest': z.string() }),
    type: z.literal('cosign container image signature'),
  }),
});

/** @param repository the name of the image, which the signature holds as well */
export async function signImage(
  layout: OciLayout,
  digest: string,
  { key, repository }: { readonly key: KeyObject; readonly repository: string },
): Promise<void> {
  const payload = Buffer.from(
    JSON.stringify({
      critical: {
        identity: { 'docker-reference': repository },
        image: { 'docker-manifest-digest': digest },
        type: 'cosign container image signature',
      },
      optional: null,
    }),
  );
  const layer = await layout.writeBytes(PAYLOAD, payload);
  await writeProof(layout, proofTag(digest, 'sig'), [
    { ...layer, annotations: { [SIGNATURE]: signatureOf(payload, key) } },
  ]);
}

/** A manifest with these layers, found at the tag. */
export async function writeProof(
  layout: OciLayout,
  tag: string,
  layers: readonly Descriptor[],
): Promise<void> {
  const config = await layout.writeJson(MEDIA_TYPE.config, {
    architecture: '',
    os: '',
    config: {},
    rootfs: { type: 'layers', diff_ids: layers.map(({ digest }) => digest) },
  });
  const manifest = await layout.writeJson(MEDIA_TYPE.manifest, {
    schemaVersion: 2,
    mediaType: MEDIA_TYPE.manifest,
    config,
    layers,
  });
  await layout.tag(tag, manifest);
}

/** @throws Error if no signature of the digest is by this key */
export async function verifySignature(store: ContentStore, digest: string, key: KeyObject): Promise<void> {
  const tag = proofTag(digest, 'sig');
  const found = await store.resolve(tag);
  if (found === undefined) throw new Error(`${digest} is not signed: ${store.name} has no ${tag}`);
  const { layers } = manifestSchema.parse(await readJson(store, found));
  const signatures = layers.filter(({ mediaType }) => mediaType === PAYLOAD);
  for (const layer of signatures) {
    const payload = await readContent(store, layer);
    if (!isSignedBy(payload, layer.annotations?.[SIGNATURE] ?? '', key)) continue;
    const { critical } = payloadSchema.parse(JSON.parse(Buffer.from(payload).toString('utf8')));
    const signed = critical.image['docker-manifest-digest'];
    if (signed !== digest)
      throw new Error(`the signature at ${tag} is about ${signed}, and was put beside ${digest}`);
    return;
  }
  throw new Error(
    `${digest} is signed, but not by this key (${signatures.length} signatures at ${tag}): is it the public key of this release?`,
  );
}
