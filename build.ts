/** Builds what the image holds into dist/: two bundles and the Node binary that the tests ran on. */
import { cp, mkdir, rm } from 'node:fs/promises';
import { type BuildOptions, build } from 'esbuild';

const shared = {
  bundle: true,
  platform: 'node',
  target: 'node24',
  format: 'esm',
  // Names and lines of a stack trace are worth more in a log than the bytes that minified names save.
  minifySyntax: true,
  minifyWhitespace: true,
  legalComments: 'none',
  logLevel: 'warning',
  // CommonJS dependencies call require() for Node's own modules, which an ES module does not have.
  banner: { js: "import{createRequire as __cr}from'node:module';const require=__cr(import.meta.url);" },
} satisfies BuildOptions;

await rm('dist', { recursive: true, force: true });
await mkdir('dist/bin', { recursive: true });
await Promise.all([
  build({
    ...shared,
    entryPoints: ['src/operator.ts'],
    outdir: 'dist/app',
    // What only a kubeconfig needs stays in a chunk of its own that the process in the cluster never loads.
    splitting: true,
    chunkNames: 'operator-[hash]',
  }),
  build({ ...shared, entryPoints: ['src/agent.ts'], outdir: 'dist/app' }),
  cp(process.execPath, 'dist/bin/node'),
]);
