/** Lists and watches of the Kubernetes API, as the source that a reflector reads. */
import type { ListWatch, RawObject, WatchEvent, WatchRequest } from '../runtime/reflector/list-watch.ts';
import { KubeError } from './errors.ts';
import { createRawApi, type Query, withQuery } from './raw-api.ts';
import { type RequestInfo, requestInfo } from './wire/api-path.ts';
import { statusError } from './wire/failure.ts';
import { linesOf } from './wire/lines.ts';
import type { Transport } from './wire/transport.ts';

export interface ListWatchOptions {
  /** For example "/api/v1/namespaces/kube-system/pods". */
  readonly path: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  /** Only metadata comes over the wire: of a node 1 KB instead of 12. */
  readonly metadataOnly?: boolean;
  /** In logs and metrics. @default the resource, "pods" */
  readonly name?: string;
}

interface List<Raw> {
  readonly metadata: { readonly resourceVersion: string; readonly continue?: string };
  readonly items?: readonly Raw[] | null;
}

const metadataAs = (kind: string): string => `application/json;as=${kind};g=meta.k8s.io;v=v1`;

export function createListWatch<Raw extends RawObject>(
  transport: Transport,
  options: ListWatchOptions,
): ListWatch<Raw> {
  const { path, labelSelector, fieldSelector, metadataOnly = false } = options;
  const raw = createRawApi(transport);
  const info = requestInfo('GET', path, true);

  return {
    what: options.name ?? info.resource,
    async list({ limit, continue: next, signal }) {
      // Without a resourceVersion: the newest state, not what one of several servers remembers.
      const page = await raw.request<List<Raw>>({
        method: 'GET',
        path,
        query: { labelSelector, fieldSelector, limit, continue: next },
        ...(metadataOnly ? { accept: metadataAs('PartialObjectMetadataList') } : {}),
        signal,
        // A reflector has its own back-off, which also tells the readiness probe.
        retry: false,
        deadlineMs: 30_000,
      });
      const more = page.metadata.continue;
      return {
        items: page.items ?? [],
        resourceVersion: page.metadata.resourceVersion,
        ...(more ? { continue: more } : {}),
      };
    },
    watch: ({ resourceVersion, ...request }) => events(request, { resourceVersion }),
    // Without a resourceVersion, as a list: the newest state, not what one of several servers remembers.
    watchList: (request) =>
      events(request, { sendInitialEvents: true, resourceVersionMatch: 'NotOlderThan' }),
  };

  async function* events(
    { timeoutSeconds, signal, onOpen }: WatchRequest,
    from: Query,
  ): AsyncGenerator<WatchEvent<Raw>, void, undefined> {
    const query = { labelSelector, fieldSelector, watch: true, allowWatchBookmarks: true, timeoutSeconds };
    const body = await transport.open({
      method: 'GET',
      target: withQuery(path, { ...query, ...from }),
      ...(metadataOnly ? { headers: { accept: metadataAs('PartialObjectMetadata') } } : {}),
      signal,
    });
    onOpen?.();
    for await (const line of linesOf(body)) yield parseEvent<Raw>(line, info);
  }
}

/** @throws KubeError of the Status that the server sent inside the stream, or for what is no event at all. */
export function parseEvent<Raw extends RawObject>(line: string, info: RequestInfo): WatchEvent<Raw> {
  const { type, object } = parse(line, info);
  switch (type) {
    case 'ADDED':
      return { kind: 'added', object: object as Raw };
    case 'MODIFIED':
      return { kind: 'modified', object: object as Raw };
    case 'DELETED':
      return { kind: 'deleted', object: object as Raw };
    case 'BOOKMARK':
      return bookmark(object);
    case 'ERROR':
      throw statusError(info, object);
    default:
      throw badEvent(info, `an event of type ${String(type)}`);
  }
}

interface Bookmark {
  readonly metadata?: {
    readonly resourceVersion?: string;
    readonly annotations?: Readonly<Record<string, string>>;
  };
}

/** A bookmark with this annotation set to "true" ends the events that stand for the list. */
const INITIAL_EVENTS_END = 'k8s.io/initial-events-end';

function bookmark({ metadata }: Bookmark): WatchEvent<never> {
  const kind = metadata?.annotations?.[INITIAL_EVENTS_END] === 'true' ? 'listed' : 'bookmark';
  return { kind, resourceVersion: metadata?.resourceVersion ?? '' };
}

function parse(line: string, info: RequestInfo): { readonly type: unknown; readonly object: object } {
  let event: unknown;
  try {
    event = JSON.parse(line);
  } catch (error) {
    throw badEvent(info, 'a line that is not JSON', error);
  }
  if (typeof event === 'object' && event !== null && 'type' in event && 'object' in event) {
    const { type, object } = event;
    if (typeof object === 'object' && object !== null) return { type, object };
  }
  throw badEvent(info, 'a line that is no event');
}

function badEvent({ verb, what }: RequestInfo, found: string, cause?: unknown): KubeError {
  return new KubeError({
    verb,
    what,
    code: 0,
    reason: 'BadAnswer',
    message: `the watch sent ${found}`,
    cause,
  });
}
