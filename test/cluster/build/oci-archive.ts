/** Writes a folder as an OCI image archive with one layer: three small JSON files and two hashes need no image builder. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, mkdtemp, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { arch } from 'node:process';
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

interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
}

export async function writeOciArchive(request: OciArchiveRequest): Promise<void> {
  const layout = await mkdtemp(join(dirname(request.archive), 'oci-'));
  try {
    const blobs = join(layout, 'blobs/sha256');
    await mkdir(blobs, { recursive: true });
    const layer = await writeLayer(request.root, blobs);
    const config = await writeBlob(blobs, 'application/vnd.oci.image.config.v1+json', {
      architecture: arch === 'x64' ? 'amd64' : arch,
      os: 'linux',
      config: request.config,
      rootfs: { type: 'layers', diff_ids: [layer.digest] },
      history: [{ created_by: 'test/cluster/build/oci-archive.ts' }],
    });
    const manifest = await writeBlob(blobs, 'application/vnd.oci.image.manifest.v1+json', {
      schemaVersion: 2,
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      config,
      layers: [layer],
    });
    const annotations = {
      'io.containerd.image.name': request.name,
      'org.opencontainers.image.ref.name': request.name,
    };
    await writeFile(join(layout, 'oci-layout'), JSON.stringify({ imageLayoutVersion: '1.0.0' }));
    await writeFile(
      join(layout, 'index.json'),
      JSON.stringify({ schemaVersion: 2, manifests: [{ ...manifest, annotations }] }),
    );
    await run(['tar', '-C', layout, '-cf', `${request.archive}.new`, 'oci-layout', 'index.json', 'blobs']);
    await rename(`${request.archive}.new`, request.archive);
  } finally {
    await rm(layout, { recursive: true, force: true });
  }
}

/** Uncompressed: the archive stays on this machine, and each start of a rig would have to unpack it. */
async function writeLayer(root: string, blobs: string): Promise<Descriptor> {
  const file = join(blobs, 'layer');
  // Fixed times and owners, so that the same content results in the same image.
  await run(['tar', '-C', root, '--sort=name', '--mtime=@0', '--numeric-owner', '-cf', file, '.']);
  const digest = await sha256OfFile(file);
  await rename(file, join(blobs, digest));
  const { size } = await stat(join(blobs, digest));
  return { mediaType: 'application/vnd.oci.image.layer.v1.tar', digest: `sha256:${digest}`, size };
}

async function writeBlob(blobs: string, mediaType: string, content: unknown): Promise<Descriptor> {
  const bytes = Buffer.from(JSON.stringify(content));
  const digest = createHash('sha256').update(bytes).digest('hex');
  await writeFile(join(blobs, digest), bytes);
  return { mediaType, digest: `sha256:${digest}`, size: bytes.length };
}

export async function sha256OfFile(file: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}
