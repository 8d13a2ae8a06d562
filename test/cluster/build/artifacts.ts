/** Everything a rig needs before it can start, built or taken from the cache. */
import { mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { Progress } from '../progress.ts';
import { type Artifact, artifactDir } from './artifact-cache.ts';
import { buildAll } from './build-all.ts';
import { clusterImages } from './cluster-images.ts';
import { goPrograms } from './go-programs.ts';
import type { KubernetesVersion } from './kubernetes-versions.ts';
import { nodeRoot } from './node-root.ts';

export interface Artifacts {
  /** Folder of kubelet, kube-apiserver, ..., kubectl, etcd, coredns. */
  readonly bin: string;
  /** Debian's root file system, shared by all nodes. */
  readonly nodeRoot: string;
  /** Folder of the image archives that each node imports at its first boot. */
  readonly images: string;
}

export async function buildArtifacts(kubernetes: KubernetesVersion, progress: Progress): Promise<Artifacts> {
  const programs = await goPrograms(kubernetes);
  const folders = new Map(programs.map((program) => [program.kind, artifactDir(program)]));
  const path = (kind: string, name: string) => join(folders.get(kind) ?? '', name);
  const images = clusterImages({ pause: path('pause', 'pause'), coredns: path('coredns', 'coredns') });
  const bin: Artifact = {
    kind: 'bin',
    inputs: [...folders.values()],
    build: async (dir) => {
      await mkdir(dir, { recursive: true });
      for (const { kind, name } of PROGRAMS) await symlink(path(kind, name), join(dir, name));
    },
  };
  // One lane waits for the network, the other for the processor.
  await buildAll([[nodeRoot], [...programs, images, bin]], progress);
  return {
    bin: artifactDir(bin),
    nodeRoot: join(artifactDir(nodeRoot), 'root'),
    images: artifactDir(images),
  };
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
