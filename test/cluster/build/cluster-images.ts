/** The two images that every rig has from the start, under the names that kubeadm uses: the pods' sandbox and CoreDNS. */
import { cp, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Artifact } from './artifact-cache.ts';
import { COREDNS_VERSION } from './go-programs.ts';
import { writeOciArchive } from './oci-archive.ts';

export const PAUSE_IMAGE = 'registry.k8s.io/pause:3.10.1';
export const COREDNS_IMAGE = `registry.k8s.io/coredns/coredns:v${COREDNS_VERSION}`;

/** A folder with `pause.tar` and `coredns.tar`. The paths of the programs contain the hash of their sources. */
export function clusterImages(programs: { readonly pause: string; readonly coredns: string }): Artifact {
  const images = [
    { file: 'pause', name: PAUSE_IMAGE, program: programs.pause },
    { file: 'coredns', name: COREDNS_IMAGE, program: programs.coredns },
  ];
  return {
    kind: 'cluster-images',
    inputs: [JSON.stringify(images)],
    build: async (dir) => {
      for (const image of images) {
        const root = join(dir, image.file);
        await mkdir(root);
        await cp(image.program, join(root, image.file));
        await writeOciArchive({
          root,
          archive: join(dir, `${image.file}.tar`),
          name: image.name,
          config: { Entrypoint: [`/${image.file}`] },
        });
      }
    },
  };
}
