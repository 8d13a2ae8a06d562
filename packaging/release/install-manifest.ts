/** config/default as one file, with the image by digest: what `kubectl apply -f` installs without a checkout. */
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseDocument } from 'yaml';
import { run } from '../run.ts';

interface InstallRequest {
  /** The name of the image, without tag and digest. */
  readonly repository: string;
  readonly digest: string;
  /** The program that renders: kubectl, or kustomize itself. */
  readonly renderer: readonly string[];
}

export async function installManifest({ repository, digest, renderer }: InstallRequest): Promise<string> {
  const work = await mkdtemp(join(tmpdir(), 'install-manifest-'));
  try {
    for (const folder of ['config', 'crds']) await cp(folder, join(work, folder), { recursive: true });
    const file = join(work, 'config/default/kustomization.yaml');
    // In this file, not in one above it: here the image also gets into AGENT_IMAGE and into what admission lets through.
    const kustomization = parseDocument(await readFile(file, 'utf8'));
    kustomization.set('images', [{ name: 'dnshealth-operator', newName: repository, digest }]);
    await writeFile(file, String(kustomization));
    return (await run([...renderer, join(work, 'config/default')])).stdout;
  } finally {
    await rm(work, { recursive: true });
  }
}

/** @throws Error if the machine has neither of them */
export async function findRenderer(): Promise<readonly string[]> {
  for (const renderer of [
    ['kubectl', 'kustomize'],
    ['kustomize', 'build'],
  ]) {
    const found = await run([...renderer, '--help']).catch(() => undefined);
    if (found) return renderer;
  }
  throw new Error('neither kubectl nor kustomize is in PATH: one of them is needed to write install.yaml');
}
