/** `make verify-release IMAGE=… KEY=…`: checks a released image in a registry, or in a layout on disk, with a public key. */
import { existsSync } from 'node:fs';
import packageJson from '../../package.json' with { type: 'json' };
import { type ContentStore, layoutStore } from '../image/content-store.ts';
import type { Descriptor } from '../image/oci-content.ts';
import { parseReference } from './image-reference.ts';
import { environmentCredentials } from './registry-auth.ts';
import { openRepository } from './registry-client.ts';
import { readPublicKey } from './signing-key.ts';
import { verifyImage } from './verify-image.ts';

/** @param image a reference, or the folder of a layout */
async function find(image: string): Promise<readonly [ContentStore, Descriptor]> {
  const isLayout = existsSync(`${image}/oci-layout`);
  const reference = isLayout ? { tag: packageJson.version } : parseReference(image);
  const store =
    'registry' in reference ? openRepository(reference, environmentCredentials()) : layoutStore(image);
  const wanted = ('digest' in reference ? reference.digest : undefined) ?? reference.tag;
  if (wanted === undefined) throw new Error(`${image} has neither a tag nor a digest`);
  const found = await store.resolve(wanted);
  if (!found) throw new Error(`${store.name} has no ${wanted}`);
  if (wanted.startsWith('sha256:') && found.digest !== wanted)
    throw new Error(`${store.name} has something else as ${wanted}: its digest is ${found.digest}`);
  return [store, found];
}

try {
  const { IMAGE, KEY } = process.env;
  if (!IMAGE || !KEY)
    throw new Error(
      'IMAGE and KEY are needed: make verify-release IMAGE=registry.example.com/dnshealth-operator:0.1.0 KEY=release.pub',
    );
  const key = await readPublicKey(KEY);
  const [store, index] = await find(IMAGE);
  const { digest, architectures } = await verifyImage(store, index, key);
  console.log(`${store.name}@${digest}`);
  console.log(
    `signed by ${KEY}, with provenance; for ${architectures.join(' and ')}, each signed and with its SBOM`,
  );
  console.log('all manifests and layers have the digests that were signed');
} catch (error) {
  console.error(`not verified: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
