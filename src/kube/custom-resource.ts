/** Reads and writes one cluster-scoped custom kind as plain JSON. */
import type { RawApi } from './raw-api.ts';

export interface CustomResource<T> {
  get(name: string, signal?: AbortSignal): Promise<T>;
  /** All of them, as they are now: not from a cache of the API server. */
  list(signal?: AbortSignal): Promise<readonly T[]>;
  create(object: unknown, signal?: AbortSignal): Promise<T>;
  /** The object as it was read, with the new status: 409 if it was changed since then. */
  replaceStatus(name: string, object: unknown, signal?: AbortSignal): Promise<T>;
}

/** @param apiVersion group and version, for example "example.io/v1" */
export function createCustomResource<T>(raw: RawApi, apiVersion: string, plural: string): CustomResource<T> {
  const path = `/apis/${apiVersion}/${plural}`;
  const pathOf = (name: string): string => `${path}/${encodeURIComponent(name)}`;
  const within = (signal?: AbortSignal): { readonly signal?: AbortSignal } => (signal ? { signal } : {});
  return {
    get: (name, signal) => raw.request<T>({ method: 'GET', path: pathOf(name), ...within(signal) }),
    list: async (signal) =>
      (await raw.request<{ readonly items: readonly T[] }>({ method: 'GET', path, ...within(signal) })).items,
    create: (object, signal) => raw.request<T>({ method: 'POST', path, body: object, ...within(signal) }),
    replaceStatus: (name, object, signal) =>
      raw.request<T>({ method: 'PUT', path: `${pathOf(name)}/status`, body: object, ...within(signal) }),
  };
}
