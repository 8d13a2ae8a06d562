/** Plain JSON requests: for custom resources, patches and whatever client-node's typed serialisation would lose fields of. */

import { KubeError } from './errors.ts';
import { type RequestInfo, requestInfo } from './wire/api-path.ts';
import type { HttpMethod, Transport } from './wire/transport.ts';

export type Query = Readonly<Record<string, string | number | boolean | undefined>>;

export type PatchType =
  /** Replaces what is named, lists as a whole. With `metadata.resourceVersion` in it, a change in between is a 409. */
  | 'application/merge-patch+json'
  | 'application/json-patch+json'
  | 'application/strategic-merge-patch+json'
  | 'application/apply-patch+yaml';

export interface RawRequest {
  readonly method: HttpMethod;
  readonly path: string;
  readonly query?: Query;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** @default "application/json", and for PATCH "application/merge-patch+json" */
  readonly contentType?: PatchType | 'application/json';
  readonly accept?: string;
  readonly signal?: AbortSignal;
  readonly deadlineMs?: number;
  readonly retry?: boolean;
  /** See HttpRequest. */
  readonly unfenced?: boolean;
}

export interface RawApi {
  /**
   * The answer is what the server says it is: parse it where it is used.
   * @throws KubeError
   */
  request<T = unknown>(request: RawRequest): Promise<T>;
  /** The body as it came: logs. @throws KubeError */
  text(request: RawRequest): Promise<string>;
}

export function withQuery(path: string, query: Query = {}): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined) search.set(name, String(value));
  const text = search.toString();
  return text === '' ? path : `${path}?${text}`;
}

export function createRawApi(transport: Transport): RawApi {
  async function text(request: RawRequest): Promise<string> {
    const { method, path, query, body, accept, signal, deadlineMs, retry, unfenced } = request;
    const fallback = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
    const answer = await transport.call({
      method,
      target: withQuery(path, query),
      headers: {
        ...(accept === undefined ? {} : { accept }),
        ...(body === undefined ? {} : { 'content-type': request.contentType ?? fallback }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal,
      deadlineMs,
      retry,
      unfenced,
    });
    return answer.text;
  }
  return {
    text,
    async request<T>(request: RawRequest): Promise<T> {
      return parse<T>(await text(request), requestInfo(request.method, request.path));
    },
  };
}

function parse<T>(text: string, asked: RequestInfo): T {
  try {
    return JSON.parse(text) as T;
  } catch (error) {
    const { verb, what } = asked;
    throw new KubeError({
      verb,
      what,
      code: 0,
      reason: 'BadAnswer',
      message: 'the answer is not JSON',
      cause: error,
    });
  }
}
