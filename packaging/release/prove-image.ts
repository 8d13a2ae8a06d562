/** Puts the proofs beside an image in its layout: signatures, the SBOM of each platform, and the provenance. */
import type { KeyObject } from 'node:crypto';
import type { BuiltImage } from '../image/image-index.ts';
import { openOciLayout } from '../image/oci-layout.ts';
import { attest, PREDICATE } from './attestation.ts';
import type { Sbom } from './sbom.ts';
import { signImage } from './signature.ts';

interface Proofs {
  readonly key: KeyObject;
  /** The name of the image, which the proofs hold as well. */
  readonly repository: string;
  readonly provenance: unknown;
  /** By architecture. */
  readonly sboms: ReadonlyMap<string, Sbom>;
}

/** A cluster may resolve the index or one platform, so that all of them are signed. */
export async function proveImage(
  folder: string,
  { index, platforms }: BuiltImage,
  { provenance, sboms, ...signer }: Proofs,
): Promise<void> {
  const layout = await openOciLayout(folder);
  await signImage(layout, index.digest, signer);
  const statement = { predicateType: PREDICATE.provenance, predicate: provenance };
  await attest(layout, index.digest, [statement], signer);
  for (const { arch, manifest } of platforms) {
    const sbom = sboms.get(arch);
    if (!sbom) throw new Error(`there is no SBOM for ${arch}`);
    await signImage(layout, manifest.digest, signer);
    await attest(layout, manifest.digest, [{ predicateType: PREDICATE.sbom, predicate: sbom }], signer);
  }
}
