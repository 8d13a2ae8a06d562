/** Statements about an image, signed: in-toto in a DSSE envelope, where `cosign verify-attestation --key` finds them. */
import type { KeyObject } from 'node:crypto';
import * as z from 'zod';
import { type ContentStore, readContent, readJson } from '../image/content-store.ts';
import { manifestSchema } from '../image/oci-content.ts';
import type { OciLayout } from '../image/oci-layout.ts';
import { proofTag, writeProof } from './signature.ts';
import { isSignedBy, signatureOf } from './signing-key.ts';

export const PREDICATE = {
  provenance: 'https://slsa.dev/provenance/v1',
  sbom: 'https://cyclonedx.org/bom',
} as const;

const ENVELOPE = 'application/vnd.dsse.envelope.v1+json';
const PAYLOAD_TYPE = 'application/vnd.in-toto+json';

export interface Statement {
  readonly predicateType: string;
  readonly predicate: unknown;
}

const envelopeSchema = z.object({
  payloadType: z.literal(PAYLOAD_TYPE),
  payload: z.base64(),
  signatures: z.array(z.object({ sig: z.base64() })),
});

const statementSchema = z.object({
  predicateType: z.string(),
  subject: z.array(z.object({ digest: z.object({ sha256: z.string() }) })),
  predicate: z.unknown(),
});

/** What is signed: https://github.com/secure-systems-lab/dsse/blob/master/protocol.md */
function preAuthenticationEncoding(payload: Uint8Array): Uint8Array {
  return Buffer.concat([
    Buffer.from(`DSSEv1 ${PAYLOAD_TYPE.length} ${PAYLOAD_TYPE} ${payload.length} `),
    payload,
  ]);
}

export async function attest(
  layout: OciLayout,
  digest: string,
  statements: readonly Statement[],
  { key, repository }: { readonly key: KeyObject; readonly repository: string },
): Promise<void> {
  const layers = await Promise.all(
    statements.map(async ({ predicateType, predicate }) => {
      const statement = {
        _type: 'https://in-toto.io/Statement/v1',
        subject: [{ name: repository, digest: { sha256: digest.replace('sha256:', '') } }],
        predicateType,
        predicate,
      };
      const payload = Buffer.from(JSON.stringify(statement));
      const layer = await layout.writeJson(ENVELOPE, {
        payloadType: PAYLOAD_TYPE,
        payload: payload.toString('base64'),
        signatures: [{ keyid: '', sig: signatureOf(preAuthenticationEncoding(payload), key) }],
      });
      const annotations = { 'dev.cosignproject.cosign/signature': '', predicateType };
      return { ...layer, annotations };
    }),
  );
  await writeProof(layout, proofTag(digest, 'att'), layers);
}

/**
 * @returns the predicate of this type
 * @throws Error if there is none about this digest by this key
 */
export async function verifyAttestation(
  store: ContentStore,
  digest: string,
  { predicateType, key }: { readonly predicateType: string; readonly key: KeyObject },
): Promise<unknown> {
  const tag = proofTag(digest, 'att');
  const found = await store.resolve(tag);
  if (found === undefined)
    throw new Error(`nothing is attested about ${digest}: ${store.name} has no ${tag}`);
  const { layers } = manifestSchema.parse(await readJson(store, found));
  for (const layer of layers.filter(({ mediaType }) => mediaType === ENVELOPE)) {
    const text = Buffer.from(await readContent(store, layer)).toString('utf8');
    const envelope = envelopeSchema.parse(JSON.parse(text));
    const payload = Buffer.from(envelope.payload, 'base64');
    const statement = statementSchema.parse(JSON.parse(payload.toString('utf8')));
    if (statement.predicateType !== predicateType) continue;
    const signed = preAuthenticationEncoding(payload);
    if (!envelope.signatures.some(({ sig }) => isSignedBy(signed, sig, key)))
      throw new Error(`the statement ${predicateType} about ${digest} is not signed by this key`);
    if (!statement.subject.some((subject) => `sha256:${subject.digest.sha256}` === digest))
      throw new Error(`the statement ${predicateType} at ${tag} is about another image than ${digest}`);
    return statement.predicate;
  }
  throw new Error(`there is no statement ${predicateType} about ${digest} at ${tag}`);
}
