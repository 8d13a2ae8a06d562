/** A registry on loopback, as strict as the distribution specification: digests are checked, and no manifest is taken before its parts. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { sha256 } from '../../../packaging/digest.ts';
import { referredBy } from '../../../packaging/image/oci-content.ts';

interface RegistryOptions {
  /** Who may use it, and how it asks for the login. @default everyone */
  readonly login?: { readonly username: string; readonly password: string; readonly by: 'basic' | 'token' };
}

export interface TestRegistry {
  /** Host and port. */
  readonly host: string;
  /** By digest. Tests change them. */
  readonly blobs: Map<string, Buffer>;
  readonly manifests: Map<string, { readonly mediaType: string; readonly bytes: Buffer }>;
  readonly tags: Map<string, string>;
  /** Method and path of each request, in order. */
  readonly requests: string[];
  /** From now on it ends every connection after so many more requests. */
  readonly goAwayAfter: (requests: number) => void;
  readonly comeBack: () => void;
  readonly close: () => Promise<void>;
}

const TOKEN = 'the-token-of-this-registry';

export async function startRegistry({ login }: RegistryOptions = {}): Promise<TestRegistry> {
  const blobs: TestRegistry['blobs'] = new Map();
  const manifests: TestRegistry['manifests'] = new Map();
  const tags: TestRegistry['tags'] = new Map();
  const requests: string[] = [];
  let left = Number.POSITIVE_INFINITY;
  let uploads = 0;

  const server = createServer((request, response) => {
    if (left-- <= 0) {
      request.socket.destroy();
      return;
    }
    requests.push(`${request.method} ${request.url}`);
    answer(request, response).catch((error: unknown) => end(response, 500, String(error)));
  });

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', `http://${request.headers.host}`);
    const body = await bodyOf(request);
    if (login && !isAllowed(request, url, response)) return;
    const [, kind = '', name = ''] =
      /^\/v2\/.+?\/(blobs\/uploads|blobs|manifests)\/(.*)$/.exec(url.pathname) ?? [];
    if (kind === 'blobs/uploads' && request.method === 'POST') {
      response.setHeader('location', `${url.pathname}${++uploads}?state=opened`);
      end(response, 202);
    } else if (kind === 'blobs/uploads' && request.method === 'PUT') {
      const digest = url.searchParams.get('digest') ?? '';
      if (url.searchParams.get('state') !== 'opened') return end(response, 404, 'BLOB_UPLOAD_UNKNOWN');
      if (digest !== `sha256:${sha256(body)}`) return end(response, 400, 'DIGEST_INVALID');
      blobs.set(digest, body);
      end(response, 201);
    } else if (kind === 'blobs') {
      send(request, response, blobs.get(name), 'application/octet-stream');
    } else if (kind === 'manifests' && request.method === 'PUT') {
      putManifest(request, response, { name, body });
    } else if (kind === 'manifests') {
      const found = manifests.get(tags.get(name) ?? name);
      send(request, response, found?.bytes, found?.mediaType ?? '');
    } else end(response, 404, 'UNSUPPORTED');
  }

  function putManifest(
    request: IncomingMessage,
    response: ServerResponse,
    { name, body }: { readonly name: string; readonly body: Buffer },
  ): void {
    const mediaType = request.headers['content-type'] ?? '';
    const digest = `sha256:${sha256(body)}`;
    if (name.startsWith('sha256:') && name !== digest) return end(response, 400, 'DIGEST_INVALID');
    const missing = referredBy(mediaType, body).filter(
      (part) => (blobs.get(part.digest) ?? manifests.get(part.digest)?.bytes)?.length !== part.size,
    );
    if (missing.length > 0) return end(response, 404, `MANIFEST_BLOB_UNKNOWN ${missing[0]?.digest}`);
    manifests.set(digest, { mediaType, bytes: body });
    if (!name.startsWith('sha256:')) tags.set(name, digest);
    end(response, 201);
  }

  function isAllowed(request: IncomingMessage, url: URL, response: ServerResponse): boolean {
    const { username = '', password = '', by } = login ?? {};
    const basic = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
    const { authorization } = request.headers;
    if (url.pathname === '/token') {
      const isRight = authorization === basic && url.searchParams.get('service') === 'test';
      end(response, isRight ? 200 : 401, JSON.stringify(isRight ? { token: TOKEN } : { errors: [] }));
      return false;
    }
    if (authorization === (by === 'token' ? `Bearer ${TOKEN}` : basic)) return true;
    response.setHeader(
      'www-authenticate',
      by === 'token'
        ? `Bearer realm="${url.origin}/token",service="test",scope="repository:x:pull,push"`
        : 'Basic realm="test"',
    );
    end(response, 401, 'UNAUTHORIZED');
    return false;
  }

  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    blobs,
    manifests,
    tags,
    requests,
    goAwayAfter: (count) => {
      left = count;
    },
    comeBack: () => {
      left = Number.POSITIVE_INFINITY;
    },
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

function send(
  request: IncomingMessage,
  response: ServerResponse,
  bytes: Buffer | undefined,
  mediaType: string,
): void {
  if (!bytes) return end(response, 404, 'UNKNOWN');
  response.setHeader('content-type', mediaType);
  response.setHeader('content-length', bytes.length);
  response.statusCode = 200;
  response.end(request.method === 'HEAD' ? undefined : bytes);
}

function end(response: ServerResponse, status: number, text = ''): void {
  response.statusCode = status;
  response.end(text);
}
