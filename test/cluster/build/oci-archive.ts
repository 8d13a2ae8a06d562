/** Writes a folder as an OCI image archive with one layer: small JSON files and hashes need no image builder. */
import { mkdtemp, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { arch } from 'node:process';
import { MEDIA_TYPE } from '../../../packaging/image/oci-content.ts';
import { openOciLayout } from '../../../packaging/image/oci-layout.ts';
import { writeTar } from '../../../packaging/tar.ts';
import { run } from '../run.ts';

interface OciArchiveRequest {
  /** The folder that becomes the image's root. */
  readonly root: string;
  /** The file to write. */
  readonly archive: string;
  /** Full image name with registry and tag, under which containerd imports it. */
  readonly name: string;
  readonly config: {
    readonly Entrypoint?: readonly string[];
    readonly Env?: readonly string[];
  };
}

export async function writeOciArchive(request: OciArchiveRequest): Promise<void> {
  const work = await mkdtemp(join(dirname(request.archive), 'oci-'));
  try {
    const layout = await openOciLayout(join(work, 'layout'));
    const tar = join(work, 'layer.tar');
    await writeTar({ root: request.root, names: ['.'], file: tar });
    // Uncompressed: the archive stays on this machine, and each start of a rig would have to unpack it.
    const layer = await layout.addLayer(tar, { compress: false });
    const config = await layout.writeJson(MEDIA_TYPE.config, {
      architecture: arch === 'x64' ? 'amd64' : arch,
      os: 'linux',
      config: request.config,
      rootfs: { type: 'layers', diff_ids: [layer.diffId] },
      history: [{ created_by: 'test/cluster/build/oci-archive.ts' }],
    });
    const manifest = await layout.writeJson(MEDIA_TYPE.manifest, {
      schemaVersion: 2,
      mediaType: MEDIA_TYPE.manifest,
      config,
      layers: [layer.descriptor],
    });
    const annotations = { 'io.containerd.image.name': request.name };
    await layout.tag(request.name, { ...manifest, annotations });
    await run([
      'tar',
      '-C',
      layout.folder,
      '-cf',
      `${request.archive}.new`,
      'oci-layout',
      'index.json',
      'blobs',
    ]);
    await rename(`${request.archive}.new`, request.archive);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}
