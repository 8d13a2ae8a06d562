/** Reads and writes of one of our own cluster-scoped kinds, as plain JSON. */
import { API_VERSION } from '../api/keys.ts';
import type { RawApi } from './raw-api.ts';

export interface ListOf<T> {
  readonly metadata: { readonly resourceVersion: string; readonly continue?: string };
  readonly items: readonly T[];
}

export interface StatusPatch {
  readonly status: unknown;
  /** With it, a change by anybody since then is a 409. */
  readonly resourceVersion?: string;
  /** With it, an object that was deleted and created again is a 409. */
  readonly uid?: string;
}

export interface CustomResource<T> {
  readonly path: string;
  get(name: string, signal?: AbortSignal): Promise<T>;
  list(signal?: AbortSignal): Promise<readonly T[]>;
  create(object: unknown, signal?: AbortSignal): Promise<T>;
  /** Merge patch: what is not named stays, null removes, lists are replaced. */
  patchStatus(name: string, patch: StatusPatch, signal?: AbortSignal): Promise<T>;
  /** The object as it was read, with the new status: 409 when it was changed since. */
  replaceStatus(name: string, object: unknown, signal?: AbortSignal): Promise<T>;
  remove(name: string, preconditions: { readonly uid?: string }, signal?: AbortSignal): Promise<void>;
}

const PAGE_SIZE = 500;

export function createCustomResource<T>(raw: RawApi, plural: string): CustomResource<T> {
  const path = `/apis/${API_VERSION}/${plural}`;
  const at = (name: string): string => `${path}/${encodeURIComponent(name)}`;
  const within = (signal?: AbortSignal): { readonly signal?: AbortSignal } => (signal ? { signal } : {});
  return {
    path,
    get: (name, signal) => raw.request<T>({ method: 'GET', path: at(name), ...within(signal) }),
    async list(signal) {
      const items: T[] = [];
      let next: string | undefined;
      do {
        const query = { limit: PAGE_SIZE, continue: next };
        const page = await raw.request<ListOf<T>>({ method: 'GET', path, query, ...within(signal) });
        items.push(...page.items);
        next = page.metadata.continue || undefined;
      } while (next !== undefined);
      return items;
    },
    create: (object, signal) => raw.request<T>({ method: 'POST', path, body: object, ...within(signal) }),
    patchStatus: (name, { status, resourceVersion, uid }, signal) =>
      raw.request<T>({
        method: 'PATCH',
        path: `${at(name)}/status`,
        contentType: 'application/merge-patch+json',
        body: { metadata: { resourceVersion, uid }, status },
        ...within(signal),
      }),
    replaceStatus: (name, object, signal) =>
      raw.request<T>({ method: 'PUT', path: `${at(name)}/status`, body: object, ...within(signal) }),
    async remove(name, preconditions, signal) {
      await raw.request({ method: 'DELETE', path: at(name), body: { preconditions }, ...within(signal) });
    },
  };
}
