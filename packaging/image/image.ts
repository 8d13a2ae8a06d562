/** `make image`: builds the image for all platforms into dist/image/, and prints its digest. */
import { mkdir, rm } from 'node:fs/promises';
import packageJson from '../../package.json' with { type: 'json' };
import { kustomizeLine } from './kustomize-line.ts';
import { buildOperatorImage } from './operator-image.ts';
import { IMAGE_PLATFORMS } from './platforms.ts';

const OUT = 'dist/image';

await rm(OUT, { recursive: true, force: true });
await mkdir('dist', { recursive: true });
const { index, platforms } = await buildOperatorImage({
  folder: OUT,
  dist: 'dist',
  platforms: IMAGE_PLATFORMS,
  time: Number(process.env['SOURCE_DATE_EPOCH'] ?? 0),
});
const mib = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(1)} MiB`;
const sum = (numbers: readonly number[]): number => numbers.reduce((all, one) => all + one, 0);
for (const { arch, layers } of platforms) {
  const uncompressed = sum(layers.map(({ uncompressedBytes }) => uncompressedBytes));
  console.log(
    `linux/${arch}: ${mib(uncompressed)}, compressed ${mib(sum(layers.map(({ descriptor }) => descriptor.size)))}`,
  );
}
console.log(`${OUT}: ${index.digest}`);
console.log(
  `push it:      skopeo copy --all oci:${OUT} docker://REGISTRY/${packageJson.name}:${packageJson.version}`,
);
console.log(`install it:   ${kustomizeLine(`REGISTRY/${packageJson.name}`, index.digest)}`);
