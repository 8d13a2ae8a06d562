/** The two images that every rig has from the start: the pods' sandbox and CoreDNS, under the names kubeadm uses. */
import { cp, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { cached, type Progress } from './artifact-cache.ts';
import { COREDNS_VERSION } from './go-programs.ts';
import { sha256OfFile, writeOciArchive } from './oci-archive.ts';

export const PAUSE_IMAGE = 'registry.k8s.io/pause:3.10.1';
export const COREDNS_IMAGE = `registry.k8s.io/coredns/coredns:v${COREDNS_VERSION}`;

/** A folder with `pause.tar` and `coredns.tar`. */
export async function buildClusterImages(
  programs: { readonly pause: string; readonly coredns: string },
  onProgress: Progress,
): Promise<string> {
  const images = [
    { file: 'pause', name: PAUSE_IMAGE, program: programs.pause },
    { file: 'coredns', name: COREDNS_IMAGE, program: programs.coredns },
  ];
  const hashes = await Promise.all(images.map((image) => sha256OfFile(image.program)));
  return cached(
    {
      kind: 'cluster-images',
      inputs: [JSON.stringify(images.map((image) => image.name)), ...hashes],
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
    },
    onProgress,
  );
}
