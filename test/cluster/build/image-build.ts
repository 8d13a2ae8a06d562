/** Builds a Dockerfile into an image archive with buildah, on a base of Debian packages: no registry, no daemon. */
import { existsSync } from 'node:fs';
import { cp, lstat, mkdir, readdir, readFile, readlink, rm } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { sha256OfFile } from '../../../packaging/digest.ts';
import type { Progress } from '../progress.ts';
import { run } from '../run.ts';
import { type Artifact, artifactDir } from './artifact-cache.ts';
import { buildAll } from './build-all.ts';
import { BASE_IMAGE, baseImage } from './node-root.ts';

interface ImageRequest {
  /** Path of the Dockerfile. Its `ARG BASE` is set. */
  readonly dockerfile: string;
  /** Folder of the build context. */
  readonly context: string;
  /**
   * Files and folders of the context, relative to it, that the Dockerfile copies. The build sees only these, and is
   * repeated only if their content changes. @default everything but `.git`
   */
  readonly files?: readonly string[];
  /** Such as `dnshealth:e2e`; see `fullImageName` for its name on a node. */
  readonly tag: string;
  readonly buildArgs?: Readonly<Record<string, string>>;
  readonly onProgress?: Progress;
}

/** Returns the path of the image archive for `rig.loadImage`, from the cache if none of its inputs has changed. */
export async function buildImage(request: ImageRequest): Promise<string> {
  const base = join(artifactDir(baseImage), 'base.tar');
  const name = fullImageName(request.tag);
  const files = await listFiles(request.context, request.files ?? (await everything(request.context)));
  const image: Artifact = {
    kind: 'image-build',
    inputs: [
      name,
      JSON.stringify(request.buildArgs ?? {}),
      base,
      await readFile(request.dockerfile),
      ...(await fingerprints(request.context, files)),
    ],
    build: async (dir) => {
      const context = join(dir, 'context');
      for (const file of files) {
        await mkdir(dirname(join(context, file)), { recursive: true });
        await cp(join(request.context, file), join(context, file), { verbatimSymlinks: true });
      }
      await buildah(request, {
        base,
        name,
        context,
        scratch: join(dir, 'storage'),
        archive: join(dir, 'image.tar'),
      });
      await rm(context, { recursive: true, force: true });
    },
    keep: 4,
  };
  await buildAll([[baseImage, image]], request.onProgress ?? (() => undefined));
  return join(artifactDir(image), 'image.tar');
}

/** The name as a kubelet completes it: without a registry it is one of Docker Hub's. */
export function fullImageName(tag: string): string {
  const first = tag.split('/')[0] ?? '';
  if (tag.includes('/') && /[.:]|^localhost$/.test(first)) return tag;
  return tag.includes('/') ? `docker.io/${tag}` : `docker.io/library/${tag}`;
}

interface BuildahJob {
  readonly base: string;
  readonly name: string;
  readonly context: string;
  readonly scratch: string;
  readonly archive: string;
}

/**
 * With its own storage, deleted afterwards, so that nothing stays in the machine's container storage; with the vfs
 * driver, so that a killed build leaves no mount; with chroot isolation, which needs no cgroup or user namespace.
 */
async function buildah(request: ImageRequest, job: BuildahJob): Promise<void> {
  const storage = ['--root', join(job.scratch, 'root'), '--runroot', join(job.scratch, 'run')];
  const buildah = ['buildah', ...storage, '--storage-driver', 'vfs'];
  await mkdir(job.scratch, { recursive: true });
  const env = { TMPDIR: job.scratch };
  const base = (await run([...buildah, 'pull', '--quiet', `oci-archive:${job.base}`], { env })).stdout.trim();
  await run([...buildah, 'tag', base, BASE_IMAGE]);
  const buildArgs = Object.entries({ ...request.buildArgs, BASE: BASE_IMAGE });
  await run(
    [
      ...buildah,
      'bud',
      '--isolation=chroot',
      '--pull-never',
      '--timestamp=0',
      `--tag=${job.name}`,
      `--file=${request.dockerfile}`,
      ...buildArgs.map(([key, value]) => `--build-arg=${key}=${value}`),
      job.context,
    ],
    { env },
  );
  // In Docker's archive format, because buildah always compresses the layers of an OCI archive: the image stays on
  // this machine, and each node would have to unpack it.
  await run([...buildah, 'push', '--quiet', job.name, `docker-archive:${job.archive}:${job.name}`], { env });
  await rm(job.scratch, { recursive: true, force: true });
}

async function everything(context: string): Promise<string[]> {
  return (await readdir(context)).filter((name) => name !== '.git');
}

/** All files and links at or below the given paths, sorted. */
async function listFiles(context: string, roots: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  for (const root of roots) {
    if (!existsSync(join(context, root))) throw new Error(`${join(context, root)} does not exist`);
    const entries = await readdir(join(context, root), { recursive: true, withFileTypes: true }).catch(
      () => undefined, // Not a folder.
    );
    if (entries === undefined) found.push(root);
    else {
      const files = entries.filter((entry) => !entry.isDirectory());
      found.push(...files.map((entry) => relative(context, join(entry.parentPath, entry.name))));
    }
  }
  return found.sort();
}

function fingerprints(context: string, files: readonly string[]): Promise<string[]> {
  return Promise.all(
    files.map(async (file) => {
      const path = join(context, file);
      const isLink = (await lstat(path)).isSymbolicLink();
      return `${file} ${isLink ? `-> ${await readlink(path)}` : await sha256OfFile(path)}`;
    }),
  );
}
