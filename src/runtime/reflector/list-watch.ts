/** The source that a reflector reads: a list and a watch, independent of resource and transport. */

export interface ObjectMeta {
  readonly name: string;
  readonly namespace?: string;
  readonly uid?: string;
  readonly resourceVersion?: string;
}

/** The minimum an object needs to be kept in a store. */
export interface RawObject {
  readonly metadata: ObjectMeta;
}

interface ListPage<Raw> {
  readonly items: readonly Raw[];
  readonly resourceVersion: string;
  /** Present if there are more pages. */
  readonly continue?: string;
}

export type WatchEvent<Raw> =
  | { readonly kind: 'added' | 'modified' | 'deleted'; readonly object: Raw }
  /** Nothing else changed up to this version, so the next watch may start there. */
  | { readonly kind: 'bookmark'; readonly resourceVersion: string }
  /** Only from `watchList`: the list is complete as of this version, and changes follow. */
  | { readonly kind: 'listed'; readonly resourceVersion: string };

export interface WatchRequest {
  readonly timeoutSeconds: number;
  readonly signal: AbortSignal;
  /** Called when the server has accepted the watch; the first event may be minutes away. */
  readonly onOpen?: () => void;
}

/**
 * Every failure is an exception, including one that the server reports inside the stream. On the exception, a numeric
 * `code` of 410 means that the resourceVersion is gone; 0, 502 and 503 mean that the server is unreachable; and
 * `retryAfterMs` is the shortest wait before the next attempt.
 */
export interface ListWatch<Raw extends RawObject> {
  /** For logs and metrics, for example "pods". */
  readonly what: string;
  /** The server sends no bookmarks in a watch that says nothing, which therefore is not a sign of a dead connection. */
  readonly withoutBookmarks?: boolean;
  list(request: {
    readonly limit: number;
    readonly continue?: string;
    readonly signal: AbortSignal;
  }): Promise<ListPage<Raw>>;
  watch(request: WatchRequest & { readonly resourceVersion: string }): AsyncIterable<WatchEvent<Raw>>;
  /**
   * One stream of everything that exists as `added`, then `listed`, then the changes, so that the list is never held as
   * a whole. A `code` of 400 or 422 means that the server does not support it.
   */
  watchList?(request: WatchRequest): AsyncIterable<WatchEvent<Raw>>;
}

/** "name" or "namespace/name": the key of an object in stores and queues. */
export function keyOf(object: RawObject): string {
  const { name, namespace } = object.metadata;
  return namespace ? `${namespace}/${name}` : name;
}
