/** The image that `make image` builds: the same bytes each time, small enough, and it runs on both architectures. */
import { cp, mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { imageConfig } from '../../packaging/image/image-config.ts';
import type { BuiltImage } from '../../packaging/image/image-index.ts';
import { blobPath } from '../../packaging/image/oci-layout.ts';
import { buildOperatorImage } from '../../packaging/image/operator-image.ts';
import { IMAGE_PLATFORMS, NODE_VERSION } from '../../packaging/image/platforms.ts';
import { ensurePrograms } from '../cluster/preflight.ts';
import { run } from '../cluster/run.ts';

const GOAL_MIB = 120;
const LOOP = '[FATAL] plugin/loop: Loop (127.0.0.1:38718 -> :53) detected for zone "."\n';

let work: string;
let image: BuiltImage;
const build = async (name: string, platforms = IMAGE_PLATFORMS) =>
  buildOperatorImage({ folder: join(work, name), dist: join(work, 'dist'), platforms });

beforeAll(async () => {
  await ensurePrograms(
    { 'qemu-aarch64-static': 'qemu-user-static', 'dpkg-deb': 'dpkg', chroot: 'coreutils' },
    (line) => process.stderr.write(`${line}\n`),
  );
  work = await mkdtemp(join(tmpdir(), 'image-'));
  // Not into dist/, which other tests use at the same time.
  await run([process.execPath, 'build.ts', join(work, 'dist')]);
  image = await build('image');
});
afterAll(async () => rm(work, { recursive: true }));

it('has the same digest when it is built again', async () => {
  const [amd64] = IMAGE_PLATFORMS;
  const again = await build('again', amd64 ? [amd64] : []);
  expect(again.platforms).toEqual(image.platforms.slice(0, 1));
});

describe.each(IMAGE_PLATFORMS.map(({ arch }) => arch))('the image for %s', (arch) => {
  const platform = () => {
    const found = image.platforms.find((one) => one.arch === arch);
    if (!found) throw new Error(`the image has no ${arch}`);
    return found;
  };
  let root: string;
  beforeAll(async () => {
    root = join(work, arch);
    await mkdir(root);
    for (const { descriptor } of platform().layers)
      await run(['tar', '-xpf', blobPath(join(work, 'image'), descriptor.digest), '-C', root]);
    if (arch === 'arm64') await cp('/usr/bin/qemu-aarch64-static', join(root, 'qemu'));
  });

  /** With the entry point of the image, which finds nothing of this machine. */
  const start = async (args: readonly string[], input = '') => {
    const { Entrypoint, User } = imageConfig();
    const emulator = arch === 'arm64' ? ['/qemu'] : [];
    return run(['chroot', `--userspec=${User}`, root, ...emulator, ...Entrypoint, ...args], { input });
  };

  it(`unpacks to at most ${GOAL_MIB} MiB`, () => {
    const bytes = platform().layers.reduce((sum, { uncompressedBytes }) => sum + uncompressedBytes, 0);
    expect(bytes / 2 ** 20).toBeLessThan(GOAL_MIB);
  });

  it('says its version', async () => {
    const { stdout } = await start([...imageConfig().Cmd, '--version']);
    const cpu = arch === 'arm64' ? 'arm64' : 'x64';
    expect(stdout).toBe(`dnshealth-operator 0.1.0, Node v${NODE_VERSION}, linux/${cpu}\n`);
  });

  it('classifies a log of CoreDNS, without a cluster', async () => {
    const { stdout } = await start(
      ['/app/kubectl-dnshealth.js', 'classify', '--kind', 'coredns-log', '-'],
      LOOP,
    );
    expect(JSON.parse(stdout)).toMatchObject({ class: 'loop', cause: 'loopback' });
  });

  it('refuses to start an agent without a request', async () => {
    await expect(start(['/app/agent.js'])).rejects.toThrow(/failed with exit code 1/);
  });

  it('knows the time zones and the certificate authorities', async () => {
    const { stdout } = await start([
      '--eval',
      `console.log(new Intl.DateTimeFormat('en', { timeZone: 'Europe/Berlin', timeStyle: 'short' }).format(0),
        require('node:fs').readFileSync('/etc/ssl/certs/ca-certificates.crt', 'utf8').includes('BEGIN CERTIFICATE'))`,
    ]);
    expect(stdout).toBe('1:00 AM true\n');
  });

  it('names its Debian packages where scanners look for them', async () => {
    const { stdout } = await run(['grep', '-h', '^Package:', '-r', join(root, 'var/lib/dpkg/status.d')]);
    const names = stdout
      .trim()
      .split('\n')
      .map((line) => line.replace('Package: ', ''))
      .sort();
    expect(names).toEqual([
      'base-files',
      'ca-certificates',
      'gcc-12-base',
      'libc6',
      'libgcc-s1',
      'libstdc++6',
    ]);
  });
});

it('has the Node on which the tests run', async () => {
  const lock = JSON.parse(await readFile('package-lock.json', 'utf8'));
  expect(lock.packages['node_modules/node'].version).toBe(NODE_VERSION);
});
