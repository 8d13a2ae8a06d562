/** A release that is pushed to a registry, and what is wrong with one that someone has changed. */
import { generateKeyPairSync, verify } from 'node:crypto';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startRegistry, type TestRegistry } from '../../test/support/registry/registry.ts';
import { type ReleasedImage, releaseSmallImage, TAG } from '../../test/support/registry/released-image.ts';
import { sha256 } from '../digest.ts';
import { layoutStore } from '../image/content-store.ts';
import { blobPath, openOciLayout } from '../image/oci-layout.ts';
import { attest, PREDICATE } from './attestation.ts';
import { parseReference } from './image-reference.ts';
import { pushLayout } from './push-layout.ts';
import type { Credentials } from './registry-auth.ts';
import { openRepository } from './registry-client.ts';
import { proofTag } from './signature.ts';
import { verifyImage } from './verify-image.ts';

let work: string;
let released: ReleasedImage;
beforeAll(async () => {
  work = await mkdtemp(join(tmpdir(), 'release-'));
  released = await releaseSmallImage(work);
});
afterAll(async () => rm(work, { recursive: true }));

const repositoryOf = ({ host }: TestRegistry, credentials?: Credentials) =>
  openRepository(parseReference(`${host}/team/dnshealth-operator`), credentials);

/** Runs the body against a registry that already has the release. */
async function withRelease(body: (registry: TestRegistry) => Promise<void>): Promise<void> {
  const registry = await startRegistry();
  try {
    await pushLayout(released.folder, repositoryOf(registry));
    await body(registry);
  } finally {
    await registry.close();
  }
}

const verifyIn = async (registry: TestRegistry, key = released.publicKey) =>
  verifyImage(repositoryOf(registry), released.index, key);

describe('a push', () => {
  it('gives the tag the digest that was built, and brings the proofs along', async () => {
    await withRelease(async (registry) => {
      const proofs = [released.index, ...released.platforms.map(({ manifest }) => manifest)].flatMap(
        ({ digest }) => [proofTag(digest, 'sig'), proofTag(digest, 'att')],
      );
      expect([...registry.tags.keys()].sort()).toEqual([TAG, ...proofs].sort());
      expect(registry.tags.get(TAG)).toBe(released.index.digest);
    });
  });

  it('that is repeated sends nothing', async () => {
    await withRelease(async (registry) => {
      registry.requests.length = 0;
      expect(await pushLayout(released.folder, repositoryOf(registry))).toBe(0);
      expect(registry.requests.filter((request) => !/^(?:GET|HEAD) /.test(request))).toEqual([]);
    });
  });

  it('that was cut off at any point leaves no tag of the image, says what failed, and is completed by the next one', async () => {
    const whole = await startRegistry();
    await pushLayout(released.folder, repositoryOf(whole));
    await whole.close();
    for (let count = 0; count < whole.requests.length; count += 5) {
      const registry = await startRegistry();
      try {
        registry.goAwayAfter(count);
        await expect(pushLayout(released.folder, repositoryOf(registry))).rejects.toThrow(
          /^(?:GET|HEAD|POST|PUT) http:\/\/127\.0\.0\.1:\d+\/v2\/team\/dnshealth-operator\/.* failed: /,
        );
        expect(registry.tags.has(TAG)).toBe(false);
        registry.comeBack();
        await pushLayout(released.folder, repositoryOf(registry));
        expect(registry.tags.get(TAG)).toBe(released.index.digest);
      } finally {
        await registry.close();
      }
    }
  });

  it('of a layout with a changed layer is refused by the registry', async () => {
    const folder = join(work, 'changed');
    await cp(released.folder, folder, { recursive: true });
    const layer = released.platforms[0]?.layers[0]?.descriptor;
    if (!layer) throw new Error('there is no layer');
    const bytes = await readFile(blobPath(folder, layer.digest));
    bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
    await writeFile(blobPath(folder, layer.digest), bytes);
    const registry = await startRegistry();
    await expect(pushLayout(folder, repositoryOf(registry))).rejects.toThrow(/answered 400 DIGEST_INVALID/);
    expect(registry.tags.has(TAG)).toBe(false);
    await registry.close();
  });
});

describe.each(['basic', 'token'] as const)('a registry that wants a login by %s', (by) => {
  const login = { username: 'me', password: 'secret', by };

  it('is pushed to with the right password', async () => {
    const registry = await startRegistry({ login });
    await pushLayout(released.folder, repositoryOf(registry, login));
    expect(registry.tags.get(TAG)).toBe(released.index.digest);
    await registry.close();
  });

  it.each([
    [
      'a wrong password',
      { username: 'me', password: 'wrong' },
      /REGISTRY_USERNAME and REGISTRY_PASSWORD right/,
    ],
    ['no password', undefined, /[sS]et REGISTRY_USERNAME and REGISTRY_PASSWORD/],
  ])(
    'takes nothing with %s, and the error says what to do without the password',
    async (_what, credentials, message) => {
      const registry = await startRegistry({ login });
      const failure = await pushLayout(released.folder, repositoryOf(registry, credentials)).catch(
        (error: Error) => error,
      );
      expect(String(failure)).toMatch(message);
      expect(String(failure)).not.toContain('wrong');
      expect(registry.blobs.size).toBe(0);
      await registry.close();
    },
  );
});

describe('the verification', () => {
  it('passes for what was released, from a registry and from the layout', async () => {
    const expected = { digest: released.index.digest, architectures: ['amd64', 'arm64'] };
    await withRelease(async (registry) => {
      expect(await verifyIn(registry)).toMatchObject(expected);
    });
    expect(await verifyImage(layoutStore(released.folder), released.index, released.publicKey)).toMatchObject(
      expected,
    );
  });

  it('fails with another key', async () => {
    const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    await withRelease(async (registry) => {
      await expect(verifyIn(registry, publicKey)).rejects.toThrow(/is signed, but not by this key/);
    });
  });

  it('fails without a signature, and names the tag where it should be', async () => {
    await withRelease(async (registry) => {
      const tag = proofTag(released.index.digest, 'sig');
      registry.tags.delete(tag);
      await expect(verifyIn(registry)).rejects.toThrow(`${released.index.digest} is not signed`);
      await expect(verifyIn(registry)).rejects.toThrow(tag);
    });
  });

  it('fails with the signature of another image', async () => {
    await withRelease(async (registry) => {
      const other = proofTag(released.platforms[0]?.manifest.digest ?? '', 'sig');
      registry.tags.set(proofTag(released.index.digest, 'sig'), registry.tags.get(other) ?? '');
      await expect(verifyIn(registry)).rejects.toThrow(/is about sha256:.*, and was put beside sha256:/);
    });
  });

  it.each([
    ['provenance', () => released.index.digest],
    ['SBOM', () => released.platforms[1]?.manifest.digest ?? ''],
  ])('fails without the %s', async (_what, digest) => {
    await withRelease(async (registry) => {
      registry.tags.delete(proofTag(digest(), 'att'));
      await expect(verifyIn(registry)).rejects.toThrow(`nothing is attested about ${digest()}`);
    });
  });

  it('fails with the statement about another image', async () => {
    await withRelease(async (registry) => {
      const [first, second] = released.platforms.map(({ manifest }) => proofTag(manifest.digest, 'att'));
      registry.tags.set(first ?? '', registry.tags.get(second ?? '') ?? '');
      await expect(verifyIn(registry)).rejects.toThrow(/is about another image than/);
    });
  });

  it('fails with a layer that was changed in the registry', async () => {
    await withRelease(async (registry) => {
      const { digest } = released.platforms[1]?.layers[0]?.descriptor ?? { digest: '' };
      registry.blobs.set(digest, gzipSync('something else'));
      await expect(verifyIn(registry)).rejects.toThrow(`has something else as ${digest}`);
    });
  });

  it('fails with a statement that someone else has signed', async () => {
    const folder = join(work, 'forged');
    await cp(released.folder, folder, { recursive: true });
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const statement = { predicateType: PREDICATE.provenance, predicate: { builder: 'me' } };
    const layout = await openOciLayout(folder);
    await attest(layout, released.index.digest, [statement], { key: privateKey, repository: 'x' });
    await expect(verifyImage(layoutStore(folder), released.index, released.publicKey)).rejects.toThrow(
      `the statement ${PREDICATE.provenance} about ${released.index.digest} is not signed by this key`,
    );
  });

  it('fails with a layer that unpacks to something else than the configuration says', async () => {
    const folder = join(work, 'wrong');
    await mkdir(folder);
    const wrong = await releaseSmallImage(folder, { diffId: `sha256:${sha256('something else')}` });
    await expect(verifyImage(layoutStore(wrong.folder), wrong.index, wrong.publicKey)).rejects.toThrow(
      /layer 1 for amd64 unpacks to sha256:.* instead of sha256:/,
    );
  });

  it('fails with a layer that is missing', async () => {
    await withRelease(async (registry) => {
      const { digest } = released.platforms[0]?.layers[0]?.descriptor ?? { digest: '' };
      registry.blobs.delete(digest);
      await expect(verifyIn(registry)).rejects.toThrow(`has no ${digest}`);
    });
  });
});

/** The documents of cosign: https://github.com/sigstore/cosign/blob/main/specs/SIGNATURE_SPEC.md and DSSE. */
describe('what cosign reads', () => {
  const proof = async (registry: TestRegistry, kind: 'sig' | 'att') => {
    const { bytes = Buffer.alloc(0) } =
      registry.manifests.get(registry.tags.get(proofTag(released.index.digest, kind)) ?? '') ?? {};
    const [layer] = JSON.parse(bytes.toString('utf8')).layers;
    return { layer, content: registry.blobs.get(layer.digest) ?? Buffer.alloc(0) };
  };

  it('is a signature over the payload of "simple signing", in an annotation of its layer', async () => {
    await withRelease(async (registry) => {
      const { layer, content } = await proof(registry, 'sig');
      expect(layer.mediaType).toBe('application/vnd.dev.cosign.simplesigning.v1+json');
      expect(JSON.parse(content.toString('utf8'))).toEqual({
        critical: {
          identity: { 'docker-reference': 'registry.example.com/dnshealth-operator' },
          image: { 'docker-manifest-digest': released.index.digest },
          type: 'cosign container image signature',
        },
        optional: null,
      });
      const signature = Buffer.from(layer.annotations['dev.cosignproject.cosign/signature'], 'base64');
      expect(verify('sha256', content, released.publicKey, signature)).toBe(true);
    });
  });

  it('is a statement of in-toto in an envelope, whose signature covers the type as well', async () => {
    await withRelease(async (registry) => {
      const { layer, content } = await proof(registry, 'att');
      expect(layer.mediaType).toBe('application/vnd.dsse.envelope.v1+json');
      expect(layer.annotations.predicateType).toBe(PREDICATE.provenance);
      const { payloadType, payload, signatures } = JSON.parse(content.toString('utf8'));
      const body = Buffer.from(payload, 'base64');
      expect(JSON.parse(body.toString('utf8'))).toMatchObject({
        _type: 'https://in-toto.io/Statement/v1',
        subject: [{ digest: { sha256: released.index.digest.replace('sha256:', '') } }],
        predicateType: 'https://slsa.dev/provenance/v1',
      });
      const signed = Buffer.from(`DSSEv1 28 ${payloadType} ${body.length} ${body.toString('utf8')}`);
      expect(verify('sha256', signed, released.publicKey, Buffer.from(signatures[0].sig, 'base64'))).toBe(
        true,
      );
      expect(registry.blobs.has(`sha256:${sha256(content)}`)).toBe(true);
    });
  });
});
