/** The way to the API: everything that reads or writes the cluster is handed this. */

import type { ListWatch, RawObject } from '../runtime/reflector/list-watch.ts';
import type { ClusterConfig } from './config.ts';
import { type CustomResource, createCustomResource } from './custom-resource.ts';
import { createListWatch, type ListWatchOptions } from './list-watch.ts';
import { createRawApi, type RawApi } from './raw-api.ts';
import { createTypedApis, type TypedApis } from './typed-apis.ts';
import { createTransport, type TransportOptions } from './wire/transport.ts';

export interface LogRequest {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
  /** Of the container before the present one. */
  readonly previous?: boolean;
  readonly tailLines?: number;
  readonly limitBytes?: number;
  readonly signal?: AbortSignal;
}

/** All failures are KubeErrors. */
export interface KubeClient extends TypedApis {
  readonly raw: RawApi;
  /** One of our own cluster-scoped kinds, by its plural. */
  customResource<T = unknown>(plural: string): CustomResource<T>;
  readLog(request: LogRequest): Promise<string>;
  /** The source of a reflector. */
  listWatch<Raw extends RawObject = RawObject>(options: ListWatchOptions): ListWatch<Raw>;
  /** Cuts all connections. */
  close(): Promise<void>;
}

export function createKubeClient(config: ClusterConfig, options: TransportOptions): KubeClient {
  const transport = createTransport(config, options);
  const raw = createRawApi(transport);
  return {
    raw,
    // Not a spread of the lazy APIs: it would not copy what a Proxy only pretends to have.
    ...createTypedApis(transport),
    customResource: <T>(plural: string) => createCustomResource<T>(raw, plural),
    readLog: ({ namespace, pod, container, previous, tailLines, limitBytes, signal }) =>
      raw.text({
        method: 'GET',
        path: `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods/${encodeURIComponent(pod)}/log`,
        query: { container, previous: previous || undefined, tailLines, limitBytes },
        accept: '*/*',
        ...(signal ? { signal } : {}),
        // The caller has a second way to ask; waiting for this one would cost it the moment.
        retry: false,
      }),
    listWatch: <Raw extends RawObject>(watched: ListWatchOptions) => createListWatch<Raw>(transport, watched),
    close: () => transport.close(),
  };
}
