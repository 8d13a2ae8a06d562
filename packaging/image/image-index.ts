/** Writes an image for several platforms into an OCI layout: layers, a manifest for each platform, and the index over them. */
import type { ImageConfig } from './image-config.ts';
import { type Descriptor, MEDIA_TYPE } from './oci-content.ts';
import { type Layer, type OciLayout, openOciLayout } from './oci-layout.ts';

/** What a builder adds to the layout for one layer. */
export interface LayerSource {
  /** What `docker history` shows. */
  readonly createdBy: string;
  readonly add: (layout: OciLayout) => Promise<Layer>;
}

interface IndexRequest {
  readonly folder: string;
  readonly config: ImageConfig;
  readonly platforms: readonly { readonly arch: string; readonly layers: readonly LayerSource[] }[];
  /** In seconds, instead of the time of the build. */
  readonly created: number;
  /** The name in the layout, as `skopeo copy oci:FOLDER:NAME` finds it. */
  readonly name: string;
}

export interface BuiltImage {
  readonly index: Descriptor;
  readonly platforms: readonly BuiltPlatform[];
}

export interface BuiltPlatform {
  readonly arch: string;
  readonly manifest: Descriptor;
  readonly layers: readonly Layer[];
}

export async function writeImageIndex(request: IndexRequest): Promise<BuiltImage> {
  const layout = await openOciLayout(request.folder);
  const platforms: BuiltPlatform[] = [];
  for (const { arch, layers } of request.platforms) {
    const added: Layer[] = [];
    for (const layer of layers) added.push(await layer.add(layout));
    const manifest = await writeManifest(layout, request, { arch, sources: layers, added });
    platforms.push({ arch, manifest, layers: added });
  }
  const { Labels: annotations } = request.config;
  const index = await layout.writeJson(MEDIA_TYPE.index, {
    schemaVersion: 2,
    mediaType: MEDIA_TYPE.index,
    manifests: platforms.map(({ manifest }) => manifest),
    annotations,
  });
  await layout.tag(request.name, index);
  return { index, platforms };
}

async function writeManifest(
  layout: OciLayout,
  request: IndexRequest,
  platform: {
    readonly arch: string;
    readonly sources: readonly LayerSource[];
    readonly added: readonly Layer[];
  },
): Promise<Descriptor> {
  const created = new Date(request.created * 1000).toISOString().replace('.000Z', 'Z');
  const config = await layout.writeJson(MEDIA_TYPE.config, {
    created,
    architecture: platform.arch,
    os: 'linux',
    config: request.config,
    rootfs: { type: 'layers', diff_ids: platform.added.map(({ diffId }) => diffId) },
    history: platform.sources.map(({ createdBy }) => ({ created, created_by: createdBy })),
  });
  const manifest = await layout.writeJson(MEDIA_TYPE.manifest, {
    schemaVersion: 2,
    mediaType: MEDIA_TYPE.manifest,
    config,
    layers: platform.added.map(({ descriptor }) => descriptor),
  });
  return { ...manifest, platform: { os: 'linux', architecture: platform.arch } };
}
