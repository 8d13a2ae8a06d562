/** Builds into dist/, or into another folder that is given: the content of the image, two bundles and the Node binary that the tests run on; and the kubectl plugin. */
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { build } from 'esbuild';
import { withoutSymbols } from './packaging/image/strip-symbols.ts';
import { licencesOf } from './packaging/licences.ts';
import { bundlePlugin, BUNDLE_OPTIONS as shared } from './packaging/plugin/bundle.ts';

const [out = 'dist'] = process.argv.slice(2);
// Not the whole folder: releases are in it as well.
for (const name of ['app', 'bin', 'plugin', 'kubectl-dnshealth.js'])
  await rm(`${out}/${name}`, { recursive: true, force: true });
await mkdir(`${out}/bin`, { recursive: true });
const app = { ...shared, outdir: `${out}/app`, metafile: true } as const;
const [operator, agent, plugin] = await Promise.all([
  build({
    ...app,
    entryPoints: ['src/operator.ts'],
    // Code that only a kubeconfig needs goes into chunks of its own, which a process in a cluster never loads.
    splitting: true,
    chunkNames: 'operator-[hash]',
  }),
  build({ ...app, entryPoints: ['src/agent.ts'] }),
  bundlePlugin(out),
]);
await writeFile(
  `${out}/app/LICENSES.packages`,
  await licencesOf([operator.metafile, agent.metafile, plugin]),
);
await writeFile(`${out}/bin/node`, withoutSymbols(await readFile(process.execPath)), { mode: 0o755 });
