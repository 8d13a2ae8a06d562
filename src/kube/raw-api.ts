/** Requests and answers as plain JSON: how everything that is not a log or a watch is read and written. */
import { KubeError } from './errors.ts';
import { type RequestInfo, requestInfo } from './wire/api-path.ts';
import type { HttpMethod, Transport } from './wire/transport.ts';

export type Query = Readonly<Record<string, string | number | boolean | undefined>>;

export interface RawRequest {
  readonly method: HttpMethod;
  readonly path: string;
  readonly query?: Query;
  /**
   * Sent as JSON. A PATCH is a JSON merge patch: fields it does not name stay, null removes one, lists are replaced. With
   * `metadata.resourceVersion` in it, a change since the read is a 409.
   */
  readonly body?: unknown;
  /** A PATCH that is a strategic merge patch: lists with a key, as conditions, are merged. Not for custom resources. */
  readonly isStrategic?: boolean;
  readonly accept?: string;
  readonly signal?: AbortSignal;
  readonly deadlineMs?: number;
  readonly retry?: boolean;
  /** See `HttpRequest`. */
  readonly unfenced?: boolean;
}

export interface RawApi {
  /**
   * The response is not validated: parse it where it is used.
   * @throws KubeError
   */
  request<T = unknown>(request: RawRequest): Promise<T>;
  /** The body as text, for logs. @throws KubeError */
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
    const { method, path, query, body, isStrategic, accept, signal, deadlineMs, retry, unfenced } = request;
    const patch = isStrategic ? 'application/strategic-merge-patch+json' : 'application/merge-patch+json';
    const contentType = method === 'PATCH' ? patch : 'application/json';
    return transport.call({
      method,
      target: withQuery(path, query),
      headers: {
        ...(accept === undefined ? {} : { accept }),
        ...(body === undefined ? {} : { 'content-type': contentType }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal,
      deadlineMs,
      retry,
      unfenced,
    });
  }
  return {
    text,
    async request<T>(request: RawRequest): Promise<T> {
      return parse<T>(await text(request), requestInfo(request.method, request.path));
    },
  };
}

function parse<T>(text: string, info: RequestInfo): T {
  try {
    return JSON.parse(text) as T;
  } catch (error) {
    const { verb, what } = info;
    throw new KubeError({
      verb,
      what,
      code: 0,
      reason: 'BadAnswer',
      message: 'the response is not JSON',
      cause: error,
    });
  }
}
