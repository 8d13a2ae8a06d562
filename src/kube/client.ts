/** The client of the Kubernetes API that everything which reads or writes the cluster is given. */
import type { ListWatch, RawObject } from '../runtime/reflector/list-watch.ts';
import type { ClusterConfig } from './config.ts';
import { type CustomResource, createCustomResource } from './custom-resource.ts';
import { createListWatch, type ListWatchOptions } from './list-watch.ts';
import { createRawApi, type RawApi } from './raw-api.ts';
import { createTransport, type TransportOptions } from './wire/transport.ts';

export interface LogRequest {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
  /** The log of the container's previous instance. */
  readonly previous?: boolean;
  /** Begins each line with the time at which the runtime read it, in RFC 3339, and a blank. */
  readonly timestamps?: boolean;
  readonly tailLines?: number;
  /** Only lines that were written later. RFC 3339. */
  readonly sinceTime?: string;
  readonly limitBytes?: number;
  readonly signal?: AbortSignal;
}

/** Every failure is a KubeError. */
export interface KubeClient {
  readonly raw: RawApi;
  /** A cluster-scoped custom kind, by its group and version and its plural. */
  customResource<T = unknown>(apiVersion: string, plural: string): CustomResource<T>;
  readLog(request: LogRequest): Promise<string>;
  /** The source of a reflector. */
  listWatch<Raw extends RawObject = RawObject>(options: ListWatchOptions): ListWatch<Raw>;
  /** Destroys all connections. */
  close(): Promise<void>;
}

export function createKubeClient(config: ClusterConfig, options: TransportOptions): KubeClient {
  const transport = createTransport(config, options);
  const raw = createRawApi(transport);
  return {
    raw,
    customResource: <T>(apiVersion: string, plural: string) =>
      createCustomResource<T>(raw, apiVersion, plural),
    readLog: ({
      namespace,
      pod,
      container,
      previous,
      timestamps,
      tailLines,
      sinceTime,
      limitBytes,
      signal,
    }) =>
      raw.text({
        method: 'GET',
        path: `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods/${encodeURIComponent(pod)}/log`,
        query: {
          container,
          previous: previous || undefined,
          timestamps: timestamps || undefined,
          tailLines,
          sinceTime,
          limitBytes,
        },
        accept: '*/*',
        ...(signal ? { signal } : {}),
        // The caller has a fallback that a retry here would only delay.
        retry: false,
      }),
    listWatch: <Raw extends RawObject>(watched: ListWatchOptions) => createListWatch<Raw>(transport, watched),
    close: () => transport.close(),
  };
}
