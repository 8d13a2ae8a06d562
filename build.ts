/** Builds into dist/: the content of the image, two bundles and the Node binary that the tests run on; and the kubectl plugin. */
import { cp, mkdir, rm } from 'node:fs/promises';
import { type BuildOptions, build } from 'esbuild';

const shared = {
  bundle: true,
  platform: 'node',
  target: 'node24',
  format: 'esm',
  // Not identifiers: readable stack traces are worth more than the saved bytes.
  minifySyntax: true,
  minifyWhitespace: true,
  legalComments: 'none',
  logLevel: 'warning',
  // CommonJS dependencies call require() for Node's own modules; an ES module has no require().
  banner: { js: "import{createRequire as __cr}from'node:module';const require=__cr(import.meta.url);" },
} satisfies BuildOptions;

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
  build({
    ...shared,
    entryPoints: ['src/kubectl-dnshealth.ts'],
    outdir: 'dist',
    // Each verb, and the client of the API, in chunks that are loaded only by what needs them.
    splitting: true,
    chunkNames: 'plugin/[name]-[hash]',
  }),
  cp(process.execPath, 'dist/bin/node'),
]);
