/** A small image with all proofs in a layout: what a release is, without Node and Debian. */
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { imageConfig } from '../../../packaging/image/image-config.ts';
import { type BuiltImage, writeImageIndex } from '../../../packaging/image/image-index.ts';
import { proveImage } from '../../../packaging/release/prove-image.ts';
import type { Sbom } from '../../../packaging/release/sbom.ts';
import { writeTar } from '../../../packaging/tar.ts';

export const TAG = '0.1.0';
const ARCHITECTURES = ['amd64', 'arm64'];
export const SBOM = { bomFormat: 'CycloneDX' } as Sbom;
export const PROVENANCE = { buildDefinition: { buildType: 'test' } };

export interface ReleasedImage extends BuiltImage {
  readonly folder: string;
  readonly publicKey: KeyObject;
}

/** @param claims what is said of the layers instead of the truth */
export async function releaseSmallImage(
  work: string,
  claims: { readonly diffId?: string } = {},
): Promise<ReleasedImage> {
  const folder = join(work, 'layout');
  const image = await writeImageIndex({
    folder,
    config: imageConfig(),
    created: 0,
    name: TAG,
    platforms: ARCHITECTURES.map((arch) => ({
      arch,
      layers: [
        {
          createdBy: 'test',
          add: async (layout) => {
            const root = join(work, arch);
            await mkdir(root);
            await writeFile(join(root, 'program'), arch);
            await writeTar({ root, names: ['.'], file: `${root}.tar` });
            return { ...(await layout.addLayer(`${root}.tar`, { compress: true })), ...claims };
          },
        },
      ],
    })),
  });
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  await proveImage(folder, image, {
    key: privateKey,
    repository: 'registry.example.com/dnshealth-operator',
    provenance: PROVENANCE,
    sboms: new Map(ARCHITECTURES.map((arch) => [arch, SBOM])),
  });
  return { ...image, folder, publicKey };
}
