/** Bundles the plugin: one small file that starts, and chunks that only the verbs load which need them. */
import { type BuildOptions, build, type Metafile } from 'esbuild';

/** Of all programs of the project. */
export const BUNDLE_OPTIONS = {
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

export async function bundlePlugin(outdir: string): Promise<Metafile> {
  const { metafile } = await build({
    ...BUNDLE_OPTIONS,
    entryPoints: ['src/kubectl-dnshealth.ts'],
    outdir,
    splitting: true,
    chunkNames: 'plugin/[name]-[hash]',
    metafile: true,
  });
  return metafile;
}
