/** A repository of a registry: https://github.com/opencontainers/distribution-spec, as much of it as a push and a check need. */
import { createReadStream } from 'node:fs';
import type { Dispatcher } from 'undici';
import { request } from 'undici';
import { sha256 } from '../digest.ts';
import type { ContentStore } from '../image/content-store.ts';
import { type Descriptor, isManifest, MEDIA_TYPE } from '../image/oci-content.ts';
import { type ImageReference, registryUrl } from './image-reference.ts';
import { type Credentials, logIn } from './registry-auth.ts';

export interface Repository extends ContentStore {
  readonly has: (descriptor: Descriptor) => Promise<boolean>;
  /** @throws Error unless the registry has taken it under this digest */
  readonly pushBlob: (descriptor: Descriptor, file: string) => Promise<void>;
  /** @param reference a tag or the digest */
  readonly pushManifest: (descriptor: Descriptor, bytes: Uint8Array, reference: string) => Promise<void>;
}

interface Call {
  readonly method: Dispatcher.HttpMethod;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** A new body for each attempt. */
  readonly body?: () => Dispatcher.DispatchOptions['body'];
  readonly expected: readonly number[];
}

const ACCEPT = [MEDIA_TYPE.index, MEDIA_TYPE.manifest].join(', ');

export function openRepository(
  { registry, repository }: ImageReference,
  credentials: Credentials | undefined,
): Repository {
  const base = `${registryUrl(registry)}/v2/${repository}`;
  let authorization: string | undefined;

  async function send({ method, path, headers, body, expected }: Call): Promise<Dispatcher.ResponseData> {
    const url = new URL(path, `${base}/`);
    for (let attempt = 1; ; attempt++) {
      const answer = await request(url, {
        method,
        headers: { ...headers, ...(authorization ? { authorization } : {}) },
        body: body?.() ?? null,
        // An upload of a large layer may take long; a registry that says nothing for minutes is gone.
        headersTimeout: 300_000,
      }).catch((error: unknown) => {
        throw new Error(`${method} ${url.href} failed: ${reason(error)}`, { cause: error });
      });
      if (expected.includes(answer.statusCode)) return answer;
      const text = (await answer.body.text()).slice(0, 300);
      const challenge = answer.headers['www-authenticate'];
      // Once: a token may have expired, or there was none yet.
      if (answer.statusCode === 401 && attempt === 1 && challenge !== undefined) {
        authorization = await logIn(String(challenge), credentials);
        continue;
      }
      const advice =
        answer.statusCode === 401 || answer.statusCode === 403
          ? '. Are REGISTRY_USERNAME and REGISTRY_PASSWORD right, and may this user push there?'
          : '';
      throw new Error(`${method} ${url.href} answered ${answer.statusCode} ${text}${advice}`);
    }
  }

  const pathOf = ({ mediaType, digest }: Descriptor): string =>
    `${base}/${isManifest(mediaType) ? 'manifests' : 'blobs'}/${digest}`;

  return {
    name: `${registry}/${repository}`,
    resolve: async (tag) => {
      const answer = await send({
        method: 'GET',
        path: `${base}/manifests/${tag}`,
        headers: { accept: ACCEPT },
        expected: [200, 404],
      });
      const bytes = new Uint8Array(await answer.body.arrayBuffer());
      if (answer.statusCode === 404) return undefined;
      const mediaType = String(answer.headers['content-type']);
      return { mediaType, digest: `sha256:${sha256(bytes)}`, size: bytes.length };
    },
    load: async (descriptor) => {
      const answer = await followed(
        await send({
          method: 'GET',
          path: pathOf(descriptor),
          headers: isManifest(descriptor.mediaType) ? { accept: descriptor.mediaType } : {},
          expected: [200, 307, 302, 404],
        }),
      );
      const bytes = new Uint8Array(await answer.body.arrayBuffer());
      return answer.statusCode === 404 ? undefined : bytes;
    },
    has: async (descriptor) => {
      const answer = await send({
        method: 'HEAD',
        path: pathOf(descriptor),
        headers: isManifest(descriptor.mediaType) ? { accept: descriptor.mediaType } : {},
        expected: [200, 307, 302, 404],
      });
      await answer.body.dump();
      return answer.statusCode !== 404;
    },
    pushBlob: async ({ digest, size }, file) => {
      const begun = await send({ method: 'POST', path: `${base}/blobs/uploads/`, expected: [202] });
      await begun.body.dump();
      const location = new URL(String(begun.headers['location']), `${base}/`);
      location.searchParams.set('digest', digest);
      const done = await send({
        method: 'PUT',
        path: location.href,
        headers: { 'content-type': 'application/octet-stream', 'content-length': String(size) },
        body: () => createReadStream(file),
        expected: [201],
      });
      await done.body.dump();
    },
    pushManifest: async ({ mediaType }, bytes, reference) => {
      const done = await send({
        method: 'PUT',
        path: `${base}/manifests/${reference}`,
        headers: { 'content-type': mediaType },
        body: () => Buffer.from(bytes),
        expected: [201],
      });
      await done.body.dump();
    },
  };
}

/** Many registries keep blobs elsewhere. That place is not theirs, so it gets no login. */
async function followed(answer: Dispatcher.ResponseData): Promise<Dispatcher.ResponseData> {
  const { location } = answer.headers;
  if (answer.statusCode === 200 || answer.statusCode === 404 || location === undefined) return answer;
  await answer.body.dump();
  const moved = await request(String(location));
  if (moved.statusCode === 200) return moved;
  throw new Error(`GET ${String(location)} answered ${moved.statusCode}`);
}

const reason = (error: unknown): string => {
  const { code, message } = error as NodeJS.ErrnoException;
  return message || code || String(error);
};
