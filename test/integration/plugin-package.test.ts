/** The packages of the plugin: the same bytes each time, installed by krew from its manifest, and they run without a Node of the machine. */
import { copyFile, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Archive, packagePlugin } from '../../packaging/plugin/archive.ts';
import { krewManifest } from '../../packaging/plugin/krew-manifest.ts';
import { PLATFORMS } from '../../packaging/plugin/platforms.ts';
import { buildGoPrograms, buildKrew } from '../cluster/build/go-programs.ts';
import { run } from '../cluster/run.ts';

let folder: string;
let archives: readonly Archive[];
const [LINUX] = PLATFORMS;
if (!LINUX) throw new Error('there is no platform');

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'plugin-package-'));
  // One after the other: each of them compresses 150 MB.
  const made: Archive[] = [];
  for (const platform of PLATFORMS) made.push(await packagePlugin(platform, join(folder, 'out')));
  archives = made;
});
afterAll(async () => rm(folder, { recursive: true }));

it('an archive has the same digest each time', async () => {
  const again = await packagePlugin(LINUX, join(folder, 'again'));
  expect(again.sha256).toBe(archives[0]?.sha256);
});

describe('the archive for this machine', () => {
  /** Only what a shell script needs, so that no Node of the machine is found. */
  let tools: string;
  let top: string;
  beforeAll(async () => {
    tools = join(folder, 'tools');
    top = join(folder, 'unpacked/kubectl-dnshealth');
    await mkdir(tools);
    for (const name of ['sh', 'dirname', 'readlink'])
      await symlink((await run(['which', name])).stdout.trim(), join(tools, name));
    await mkdir(join(folder, 'unpacked'));
    await run(['tar', '-xzf', archives[0]?.file ?? '', '-C', join(folder, 'unpacked')]);
  });
  const plugin = async (args: readonly string[], program = join(top, 'kubectl-dnshealth')) =>
    run(['/usr/bin/env', '-i', `PATH=${tools}`, program, ...args], { allowFailure: true });

  it('runs where there is no Node', async () => {
    expect(await plugin(['--version'])).toMatchObject({ code: 0, stdout: '0.1.0\n' });
    expect(await plugin(['status'])).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/^error: no kubeconfig found: /),
    });
  });

  it('classifies a file without a cluster', async () => {
    const log = join(folder, 'coredns.log');
    await writeFile(log, '[FATAL] plugin/loop: Loop (127.0.0.1:38718 -> :53) detected for zone "."\n');
    const { code, stdout } = await plugin(['classify', '--kind', 'coredns-log', log]);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ class: 'loop', from: '127.0.0.1' });
  });

  it('runs through a link', async () => {
    const link = join(folder, 'linked');
    await symlink('unpacked/kubectl-dnshealth/kubectl-dnshealth', link);
    expect(await plugin(['--version'], link)).toMatchObject({ code: 0, stdout: '0.1.0\n' });
  });

  it('holds the licences of what is in it', async () => {
    expect(await readFile(join(top, 'LICENSE'), 'utf8')).toContain('Apache License');
    const packages = await readFile(join(top, 'lib/LICENSES.packages'), 'utf8');
    for (const name of ['commander', '@kubernetes/client-node', 'undici'])
      expect(packages).toContain(`== ${name} `);
  });
});

describe('the krew manifest', () => {
  let server: Server;
  let url: string;
  beforeAll(async () => {
    server = createServer((request, response) => {
      void readFile(join(folder, 'out', basename(request.url ?? ''))).then((content) =>
        response.end(content),
      );
    });
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => server.close());

  it("is accepted by krew's own validation, which installs the archive of each platform", async () => {
    const [krew, programs] = [await buildKrew(console.error), await buildGoPrograms(console.error)];
    const bin = join(folder, 'bin');
    await mkdir(bin);
    await symlink(join(krew, 'krew'), join(bin, 'kubectl-krew'));
    await copyFile(join(programs.get('kubernetes') ?? '', 'kubectl'), join(bin, 'kubectl'));
    const manifest = join(folder, 'dnshealth.yaml');
    await writeFile(manifest, krewManifest({ version: '0.1.0', url, archives }));
    const validate = async () =>
      run([join(krew, 'validate-krew-manifest'), '-manifest', manifest], {
        env: { PATH: `${bin}:/usr/bin:/bin` },
        allowFailure: true,
      });

    const { code, stderr } = await validate();
    expect(stderr).toContain('all 4 spec.platforms installed fine');
    expect(code).toBe(0);

    const wrong = archives.map((archive) => ({ ...archive, sha256: '0'.repeat(64) }));
    await writeFile(manifest, krewManifest({ version: '0.1.0', url, archives: wrong }));
    expect((await validate()).code).not.toBe(0);
  });
});
