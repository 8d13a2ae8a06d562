/** The nodes' root file system and the base of container images, both made of Debian packages by mmdebstrap. */
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { run } from '../run.ts';
import type { Artifact } from './artifact-cache.ts';
import { writeOciArchive } from './oci-archive.ts';

const SUITE = 'bookworm';

const NODE_PACKAGES = [
  'systemd',
  'systemd-sysv',
  'systemd-resolved',
  'dbus',
  'iproute2',
  'iptables',
  'containerd',
  'runc',
  'containernetworking-plugins',
  'conntrack',
  'mount',
  'procps',
  'util-linux',
];

// What a Node.js program needs to run; no shell and no package manager.
const BASE_PACKAGES = ['libc6', 'libstdc++6', 'libgcc-s1', 'ca-certificates', 'base-files', 'tzdata'];

export const BASE_IMAGE = 'localhost/dnshealth-base:bookworm';

/** The folder `root`, over which each node lays its own changes; nothing writes to it. */
export const nodeRoot: Artifact = {
  kind: 'node-root',
  inputs: [SUITE, NODE_PACKAGES.join(' ')],
  build: async (dir) => {
    await mmdebstrap('minbase', NODE_PACKAGES, join(dir, 'root'));
    if (!existsSync(join(dir, 'root/sbin/init'))) throw new Error('the node root has no /sbin/init');
  },
};

/** `base.tar`, an OCI archive named BASE_IMAGE, in place of a Debian base image from a registry. */
export const baseImage: Artifact = {
  kind: 'image-base',
  inputs: [SUITE, BASE_PACKAGES.join(' '), BASE_IMAGE],
  build: async (dir) => {
    const root = join(dir, 'root');
    await mkdir(root);
    await mmdebstrap('extract', BASE_PACKAGES, root);
    await bundleCertificates(root);
    await writeOciArchive({
      root,
      archive: join(dir, 'base.tar'),
      name: BASE_IMAGE,
      config: { Env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'] },
    });
    await run(['rm', '-rf', root]);
  },
};

/** Does what the script of the package ca-certificates would do: with `extract` no package script runs. */
async function bundleCertificates(root: string): Promise<void> {
  const sources = join(root, 'usr/share/ca-certificates/mozilla');
  const files = (await readdir(sources)).sort();
  const bundle = await Promise.all(files.map((file) => readFile(join(sources, file), 'utf8')));
  await mkdir(join(root, 'etc/ssl/certs'), { recursive: true });
  await writeFile(join(root, 'etc/ssl/certs/ca-certificates.crt'), bundle.join(''));
}

function mmdebstrap(variant: string, packages: readonly string[], target: string) {
  return run(
    ['mmdebstrap', '--quiet', `--variant=${variant}`, `--include=${packages.join(',')}`, SUITE, target],
    { env: { DEBIAN_FRONTEND: 'noninteractive', TMPDIR: dirname(target) } },
  );
}
