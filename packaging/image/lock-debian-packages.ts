/** `npm run image:packages`: writes the newest versions of the base's Debian packages into debian-packages.json, checked by apt. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from '../run.ts';
import { BASE_PACKAGES, type DebianPackage } from './debian-packages.ts';
import { IMAGE_PLATFORMS } from './platforms.ts';

const SUITE = 'bookworm';
const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';
const SOURCES = `deb [signed-by=${KEYRING}] http://deb.debian.org/debian ${SUITE} main
deb [signed-by=${KEYRING}] http://deb.debian.org/debian-security ${SUITE}-security main
`;

/** With an apt of its own folders: neither the sources nor the packages of this machine count. */
async function newest(arch: string): Promise<readonly DebianPackage[]> {
  const folder = await mkdtemp(join(tmpdir(), 'debian-packages-'));
  try {
    await mkdir(join(folder, 'state/lists/partial'), { recursive: true });
    await mkdir(join(folder, 'cache/archives/partial'), { recursive: true });
    await writeFile(join(folder, 'status'), '');
    await writeFile(join(folder, 'sources.list'), SOURCES);
    const options = {
      'Dir::State': join(folder, 'state'),
      'Dir::State::status': join(folder, 'status'),
      'Dir::Cache': join(folder, 'cache'),
      'Dir::Etc::sourcelist': join(folder, 'sources.list'),
      'Dir::Etc::sourceparts': '-',
      'APT::Architecture': arch,
      'APT::Architectures': arch,
      // The lists are in a folder that only this user can read.
      'APT::Sandbox::User': 'root',
    };
    const apt = ['apt-get', '-q', ...Object.entries(options).map(([key, value]) => `-o${key}=${value}`)];
    await run([...apt, 'update']);
    const { stdout } = await run([...apt, 'download', '--print-uris', ...BASE_PACKAGES]);
    return stdout.trim().split('\n').map(parse).sort(byName);
  } finally {
    await rm(folder, { recursive: true });
  }
}

const byName = (a: DebianPackage, b: DebianPackage): number => (a.name < b.name ? -1 : 1);

/** A line such as `'http://deb.debian.org/debian/pool/…' libc6_2.36-9_amd64.deb 2759320 SHA256:…`. */
function parse(line: string): DebianPackage {
  const [, archive, path, name, version, digest] =
    /^'http:\/\/[^/]+\/(debian[^/]*)\/(\S+)' ([^_]+)_([^_]+)_\S+ \d+ SHA256:([0-9a-f]{64})$/.exec(line) ?? [];
  if (!archive || !path || !name || !version || !digest)
    throw new Error(`apt-get printed a line that is not understood: ${line}`);
  return { name, version: decodeURIComponent(version), archive, path, sha256: digest };
}

const packages: Record<string, readonly DebianPackage[]> = {};
for (const { arch } of IMAGE_PLATFORMS) packages[arch] = await newest(arch);
const snapshot = new Date().toISOString().replaceAll(/[-:]|\.\d+/g, '');
const file = join(import.meta.dirname, 'debian-packages.json');
await writeFile(file, `${JSON.stringify({ suite: SUITE, snapshot, packages }, null, 2)}\n`);
