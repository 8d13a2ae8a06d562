/** The source that a reflector reads: what a list and a watch are, without saying of what or over which wire. */

export interface ObjectMeta {
  readonly name: string;
  readonly namespace?: string;
  readonly uid?: string;
  readonly resourceVersion?: string;
}

/** The least that an object needs to be kept in a store. */
export interface RawObject {
  readonly metadata: ObjectMeta;
}

interface ListPage<Raw> {
  readonly items: readonly Raw[];
  readonly resourceVersion: string;
  /** Present when there are more pages. */
  readonly continue?: string;
}

export type WatchEvent<Raw> =
  | { readonly kind: 'added' | 'modified' | 'deleted'; readonly object: Raw }
  /** Nothing changed up to this version: the next watch may begin there. */
  | { readonly kind: 'bookmark'; readonly resourceVersion: string }
  /** Of a watch that begins with everything: what was told so far is all there was at this version. */
  | { readonly kind: 'listed'; readonly resourceVersion: string };

export interface WatchRequest {
  readonly timeoutSeconds: number;
  readonly signal: AbortSignal;
  /** The server has accepted the watch; the first event may be minutes away. */
  readonly onOpen?: () => void;
}

/**
 * Every failure is an exception, also one that the server reports inside the stream.
 * A numeric `code` of 410 on it means that the resourceVersion is gone; `retryAfterMs` is honoured; a `code` of 0
 * means that the server could not be reached, as do 502 and 503.
 */
export interface ListWatch<Raw extends RawObject> {
  /** For logs and metrics, for example "pods". */
  readonly what: string;
  list(request: {
    readonly limit: number;
    readonly continue?: string;
    readonly signal: AbortSignal;
  }): Promise<ListPage<Raw>>;
  watch(request: WatchRequest & { readonly resourceVersion: string }): AsyncIterable<WatchEvent<Raw>>;
  /**
   * Everything that exists as `added`, then `listed`, then what changes, all in one stream: nobody ever holds the
   * whole list. A `code` of 400 or 422 means that this server has no such thing.
   */
  watchList?(request: WatchRequest): AsyncIterable<WatchEvent<Raw>>;
}

/** "name" or "namespace/name": how stores and queues call an object. */
export function keyOf(object: RawObject): string {
  const { name, namespace } = object.metadata;
  return namespace ? `${namespace}/${name}` : name;
}
