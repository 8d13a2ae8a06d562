/** promtool, by which Prometheus checks rules and tests them: that of the machine, or else out of Debian's package. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Artifact, artifactDir } from '../../cluster/build/artifact-cache.ts';
import { buildAll } from '../../cluster/build/build-all.ts';
import { type RunResult, run } from '../../cluster/run.ts';

/** Unpacked, not installed: the package would start a Prometheus on the machine. */
const PACKAGE = 'prometheus';

/** The path of the program. */
export async function findPromtool(): Promise<string> {
  const ofMachine = await run(['which', 'promtool'], { allowFailure: true });
  if (ofMachine.code === 0) return ofMachine.stdout.trim();
  const architecture = (await run(['dpkg', '--print-architecture'])).stdout.trim();
  const artifact: Artifact = {
    kind: 'promtool',
    inputs: [PACKAGE, architecture],
    build: async (dir) => {
      await run(['apt-get', 'update', '-q']);
      await run(['apt-get', 'download', '-q', PACKAGE], { cwd: dir });
      await run(['sh', '-c', `dpkg-deb --fsys-tarfile ${PACKAGE}_*.deb | tar -x ./usr/bin/promtool`], {
        cwd: dir,
      });
      await run(['sh', '-c', `rm ${PACKAGE}_*.deb`], { cwd: dir });
    },
  };
  await buildAll([[artifact]], () => {});
  return join(artifactDir(artifact), 'usr/bin/promtool');
}

/** Runs it where these files are, and nothing else. */
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
