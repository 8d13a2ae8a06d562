/** Which source files a bundle loads when its program starts, without what it imports on demand. */
import { build, type Metafile } from 'esbuild';

export async function loadedAtStart(entryPoint: string): Promise<readonly string[]> {
  const { metafile } = await build({
    entryPoints: [entryPoint],
    outdir: 'dist',
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    write: false,
    metafile: true,
  });
  return sourcesOf(metafile, entryPoint);
}

function sourcesOf({ outputs }: Metafile, entryPoint: string): readonly string[] {
  const [entry] = Object.entries(outputs).find(([, output]) => output.entryPoint === entryPoint) ?? [''];
  const chunks = new Set([entry]);
  for (const chunk of chunks)
    for (const { path, kind } of outputs[chunk]?.imports ?? [])
      if (kind === 'import-statement') chunks.add(path);
  return [...new Set([...chunks].flatMap((chunk) => Object.keys(outputs[chunk]?.inputs ?? {})))];
}
