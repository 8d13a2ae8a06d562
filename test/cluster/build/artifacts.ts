/** Everything a rig needs before it can start, built or taken from the cache. */
import { mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { cached, type Progress } from './artifact-cache.ts';
import { buildClusterImages } from './cluster-images.ts';
import { buildGoPrograms } from './go-programs.ts';
import { buildNodeRoot } from './node-root.ts';

export interface Artifacts {
  /** kubelet, kube-apiserver, ..., kubectl, etcd, coredns. */
  readonly bin: string;
  readonly nodeRoot: string;
  /** Image archives that each node imports at its first boot. */
  readonly images: string;
}

export async function buildArtifacts(onProgress: Progress): Promise<Artifacts> {
  // One lane waits for the network, the other for the processor.
  const [nodeRoot, programs] = await Promise.all([buildNodeRoot(onProgress), buildGoPrograms(onProgress)]);
  const folder = (kind: string) => programs.get(kind) ?? '';
  const images = await buildClusterImages(
    { pause: join(folder('pause'), 'pause'), coredns: join(folder('coredns'), 'coredns') },
    onProgress,
  );
  const bin = await cached(
    {
      kind: 'bin',
      inputs: [...programs.values()],
      build: async (dir) => {
        await mkdir(dir, { recursive: true });
        for (const program of PROGRAMS)
          await symlink(join(folder(program.kind), program.name), join(dir, program.name));
      },
    },
    onProgress,
  );
  return { bin, nodeRoot, images };
}

const PROGRAMS = [
  { kind: 'kubernetes', name: 'kubelet' },
  { kind: 'kubernetes', name: 'kube-apiserver' },
  { kind: 'kubernetes', name: 'kube-controller-manager' },
  { kind: 'kubernetes', name: 'kube-scheduler' },
  { kind: 'kubernetes', name: 'kube-proxy' },
  { kind: 'kubernetes', name: 'kubectl' },
  { kind: 'etcd', name: 'etcd' },
  { kind: 'coredns', name: 'coredns' },
] as const;
