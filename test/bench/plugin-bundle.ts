/** The plugin as it is shipped: one program with its dependencies, in a folder of its own. */
import { join } from 'node:path';
import { build } from 'esbuild';

/** @returns the path of the program */
export async function bundlePlugin(folder: string): Promise<string> {
  await build({
    entryPoints: [new URL('../../src/kubectl-dnshealth.ts', import.meta.url).pathname],
    outdir: folder,
    bundle: true,
    splitting: true,
    platform: 'node',
    target: 'node24',
    format: 'esm',
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: 'none',
    logLevel: 'warning',
    outExtension: { '.js': '.mjs' },
    banner: { js: "import{createRequire as __cr}from'node:module';const require=__cr(import.meta.url);" },
  });
  return join(folder, 'kubectl-dnshealth.mjs');
}
