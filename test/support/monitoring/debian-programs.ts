/** Prometheus, its promtool and Alertmanager out of Debian's packages: unpacked into the cache, and started by tests alone. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Artifact, cached } from '../../cluster/build/artifact-cache.ts';
import { type RunResult, run } from '../../cluster/run.ts';

const PACKAGES = {
  prometheus: 'prometheus',
  promtool: 'prometheus',
  'prometheus-alertmanager': 'prometheus-alertmanager',
} as const;
type Program = keyof typeof PACKAGES;

/** The folder with what the package of the program installs. Not installed: the packages would start services on the machine. */
export async function debianPackage(program: Program): Promise<string> {
  const name = PACKAGES[program];
  const architecture = (await run(['dpkg', '--print-architecture'])).stdout.trim();
  const artifact: Artifact = {
    kind: `debian-${name}`,
    inputs: [name, architecture],
    build: async (dir) => {
      // With lists of its own: those of the machine are locked while anyone else updates them.
      const apt = ['apt-get', '-q', '-o', `Dir::State::lists=${dir}/lists`, '-o', `Dir::Cache=${dir}/cache`];
      await run(['mkdir', '-p', 'lists/partial', 'cache/archives/partial'], { cwd: dir });
      await run([...apt, 'update']);
      await run([...apt, 'download', name], { cwd: dir });
      await run(['sh', '-c', `dpkg-deb --extract ${name}_*.deb .`], { cwd: dir });
      await run(['sh', '-c', `rm -r lists cache ${name}_*.deb`], { cwd: dir });
    },
  };
  return cached(artifact, () => {});
}

export const debianProgram = async (program: Program): Promise<string> =>
  join(await debianPackage(program), 'usr/bin', program);

/** Runs promtool where these files are, and nothing else. */
export async function runPromtool(
  program: string,
  args: readonly string[],
  files: Readonly<Record<string, string>>,
): Promise<RunResult> {
  const dir = await mkdtemp(join(tmpdir(), 'promtool-'));
  try {
    for (const [name, text] of Object.entries(files)) await writeFile(join(dir, name), text);
    return await run([program, ...args], { cwd: dir, allowFailure: true });
  } finally {
    await rm(dir, { recursive: true });
  }
}
