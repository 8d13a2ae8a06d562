/** The JSON of images: https://github.com/opencontainers/image-spec. What is read is checked, whoever wrote it. */
import * as z from 'zod';

export const MEDIA_TYPE = {
  index: 'application/vnd.oci.image.index.v1+json',
  manifest: 'application/vnd.oci.image.manifest.v1+json',
  config: 'application/vnd.oci.image.config.v1+json',
  tar: 'application/vnd.oci.image.layer.v1.tar',
  tarGzip: 'application/vnd.oci.image.layer.v1.tar+gzip',
} as const;

export const digestSchema = z.string().regex(/^sha256:[0-9a-f]{64}$/);

const descriptorSchema = z
  .object({
    mediaType: z.string(),
    digest: digestSchema,
    size: z.int().min(0),
    platform: z.object({ os: z.string(), architecture: z.string() }).readonly().optional(),
    annotations: z.record(z.string(), z.string()).readonly().optional(),
  })
  .readonly();
export type Descriptor = z.infer<typeof descriptorSchema>;

export const indexSchema = z.object({ manifests: z.array(descriptorSchema).readonly() });

export const manifestSchema = z.object({
  config: descriptorSchema,
  layers: z.array(descriptorSchema).readonly(),
});

export const configSchema = z.object({
  architecture: z.string(),
  rootfs: z.object({ diff_ids: z.array(digestSchema).readonly() }),
});

/** What a manifest or an index refers to, and what must therefore exist before it. */
export function referredBy(mediaType: string, bytes: Uint8Array): readonly Descriptor[] {
  const content: unknown = JSON.parse(Buffer.from(bytes).toString('utf8'));
  if (mediaType === MEDIA_TYPE.index) return indexSchema.parse(content).manifests;
  const { config, layers } = manifestSchema.parse(content);
  return [config, ...layers];
}

export const isManifest = (mediaType: string): boolean =>
  mediaType === MEDIA_TYPE.index || mediaType === MEDIA_TYPE.manifest;
