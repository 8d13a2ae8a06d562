/** The base of the image as a folder: what a Node program needs of Debian's packages, with their copyright files. */
import { chmod, cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { run } from '../run.ts';
import { type BASE_PACKAGES, DEBIAN, fetchDebianPackage } from './debian-packages.ts';
import type { ImagePlatform } from './platforms.ts';

const doc = (name: string): string => `usr/share/doc/${name}`;

/** What is taken of each package; of libc6, for example, not the 8 MiB of character sets. */
const CONTENT: Readonly<
  Record<(typeof BASE_PACKAGES)[number], (platform: ImagePlatform) => readonly string[]>
> = {
  'base-files': () => [
    'etc/debian_version',
    'etc/os-release',
    'usr/lib/os-release',
    'usr/share/common-licenses',
    `${doc('base-files')}/copyright`,
  ],
  'ca-certificates': () => ['usr/share/ca-certificates', `${doc('ca-certificates')}/copyright`],
  'gcc-12-base': () => [`${doc('gcc-12-base')}/copyright`],
  libc6: ({ libraries, arch }) => [
    `lib/${libraries}`,
    arch === 'amd64' ? 'lib64' : 'lib/ld-linux-aarch64.so.1',
    `${doc('libc6')}/copyright`,
  ],
  // Links to the folder of gcc-12-base.
  'libgcc-s1': ({ libraries }) => [`lib/${libraries}`, doc('libgcc-s1')],
  'libstdc++6': ({ libraries }) => [`usr/lib/${libraries}`, doc('libstdc++6')],
};

/** The accounts that a program may look up, as distroless images have them. */
const FILES = {
  'etc/passwd':
    'root:x:0:0:root:/root:/sbin/nologin\nnonroot:x:65532:65532:nonroot:/nonexistent:/sbin/nologin\n',
  'etc/group': 'root:x:0:\nnonroot:x:65532:\n',
  'etc/nsswitch.conf': 'passwd: files\ngroup: files\nhosts: files dns\n',
};

/** Where the container runtime mounts something; the root file system may be read-only. */
const MOUNT_POINTS = ['dev', 'proc', 'run', 'sys'];

/** @param root a folder that does not exist yet */
export async function writeBaseRoot(platform: ImagePlatform, root: string): Promise<void> {
  const status = join(root, 'var/lib/dpkg/status.d');
  await mkdir(status, { recursive: true });
  const versions = DEBIAN.packages[platform.arch];
  for (const [name, content] of Object.entries(CONTENT)) {
    const wanted = versions.find((one) => one.name === name);
    if (!wanted) throw new Error(`debian-packages.json has no ${name} for ${platform.arch}`);
    const file = await fetchDebianPackage(wanted);
    await unpack(file, content(platform), root);
    // Where scanners look for the packages of an image without dpkg.
    await writeFile(join(status, name), (await run(['dpkg-deb', '--field', file])).stdout);
  }
  await bundleCertificates(root);
  for (const [path, text] of Object.entries(FILES)) await writeFile(join(root, path), text);
  for (const folder of MOUNT_POINTS) await mkdir(join(root, folder));
  // Whatever the umask of this machine is.
  await run(['chmod', '-R', 'u+rw,go-w,a+rX', root]);
  await mkdir(join(root, 'tmp'));
  await chmod(join(root, 'tmp'), 0o1777);
}

async function unpack(file: string, content: readonly string[], root: string): Promise<void> {
  const whole = `${root}.package`;
  await run(['dpkg-deb', '--extract', file, whole]);
  for (const path of content) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await cp(join(whole, path), join(root, path), { recursive: true, verbatimSymlinks: true });
  }
  await rm(whole, { recursive: true });
}

/** Does what the script of the package would do, and leaves the single certificates out. */
async function bundleCertificates(root: string): Promise<void> {
  const sources = join(root, 'usr/share/ca-certificates');
  const files = (await readdir(join(sources, 'mozilla'))).sort();
  const bundle = await Promise.all(files.map((file) => readFile(join(sources, 'mozilla', file), 'utf8')));
  await mkdir(join(root, 'etc/ssl/certs'), { recursive: true });
  await writeFile(join(root, 'etc/ssl/certs/ca-certificates.crt'), bundle.join(''));
  await rm(sources, { recursive: true });
}
