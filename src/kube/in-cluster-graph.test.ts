import { build, type Metafile } from 'esbuild';
import { expect, it } from 'vitest';

/** The source files in the chunks that are loaded when the program starts. */
function loadedAtStart({ outputs }: Metafile): ReadonlySet<string> {
  const [entry] = Object.entries(outputs).find(([, { entryPoint }]) => entryPoint) ?? [''];
  const chunks = new Set([entry]);
  for (const chunk of chunks)
    for (const { path, kind } of outputs[chunk]?.imports ?? [])
      if (kind === 'import-statement') chunks.add(path);
  return new Set([...chunks].flatMap((chunk) => Object.keys(outputs[chunk]?.inputs ?? {})));
}

it('does not load kubeconfig code or client-node in a cluster', async () => {
  const { metafile } = await build({
    entryPoints: ['src/operator.ts'],
    outdir: 'dist',
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    write: false,
    metafile: true,
  });
  const loaded = [...loadedAtStart(metafile)];
  expect(loaded).toContain('src/kube/wire/transport.ts');
  expect(loaded.filter((file) => file.startsWith('src/kube/kubeconfig/'))).toEqual([]);
  expect(loaded.filter((file) => file.includes('@kubernetes/client-node'))).toEqual([]);
});
