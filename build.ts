/** Builds into dist/: the content of the image, two bundles and the Node binary that the tests run on; and the kubectl plugin. */
import { cp, mkdir, rm } from 'node:fs/promises';
import { build } from 'esbuild';
import { bundlePlugin, BUNDLE_OPTIONS as shared } from './packaging/plugin/bundle.ts';

await rm('dist', { recursive: true, force: true });
await mkdir('dist/bin', { recursive: true });
await Promise.all([
  build({
    ...shared,
    entryPoints: ['src/operator.ts'],
    outdir: 'dist/app',
    // Code that only a kubeconfig needs goes into chunks of its own, which a process in a cluster never loads.
    splitting: true,
    chunkNames: 'operator-[hash]',
  }),
  build({ ...shared, entryPoints: ['src/agent.ts'], outdir: 'dist/app' }),
  bundlePlugin('dist'),
  cp(process.execPath, 'dist/bin/node'),
]);
