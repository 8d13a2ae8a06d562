/** A diagnosis of a rig by the plugin, from its cluster or from files that are saved as docs/diagnose.md says. */
import { mkdir, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Report } from '../../../src/plugin/diagnose/report.ts';
import type { Rig } from '../../cluster/rig.ts';
import { run } from '../../cluster/run.ts';
import { PROJECT_ROOT } from './installation.ts';
import { startPlugin } from './plugin.ts';

/** Throws with what it printed if it could not do its work. */
export async function diagnosis(rig: Rig, ...args: readonly string[]): Promise<Report> {
  const { code, out, err } = await startPlugin(rig, ['diagnose', ...args, '--output', 'json']).ended;
  if (code !== 0 && code !== 1) throw new Error(`diagnose ${args.join(' ')}: ${err}`);
  return JSON.parse(out) as Report;
}

/** Runs the commands by which docs/diagnose.md saves files, with this rig as the cluster. Returns the directory. */
export async function saveFiles(rig: Rig): Promise<string> {
  const page = await readFile(`${PROJECT_ROOT}/docs/diagnose.md`, 'utf8');
  const script = /```sh\n(mkdir -p dump[\s\S]*?)```/.exec(page)?.[1];
  if (script === undefined) throw new Error('docs/diagnose.md does not say how to save files');
  const root = await mkdtemp(join(tmpdir(), 'dnshealth-dump-'));
  const bin = join(root, 'bin');
  await mkdir(bin);
  const kubectl = rig.kubectlCommand([]).map((word) => `'${word}'`);
  await writeFile(join(bin, 'kubectl'), `#!/bin/sh\nexec ${kubectl.join(' ')} "$@"\n`, { mode: 0o755 });
  // The nodes of a rig have no SSH server, and root needs no sudo.
  const enter = `exec runc --root '${rig.paths.runcRoot}' exec '${rig.name}.'"$node" sh -c "$*"`;
  await writeFile(join(bin, 'ssh'), `#!/bin/sh\nnode=$1; shift; [ "$1" = sudo ] && shift\n${enter}\n`, {
    mode: 0o755,
  });
  await run(['bash', '-c', script], { cwd: root, env: { PATH: `${bin}:${process.env['PATH']}` } });
  return join(root, 'dump');
}
