/** Reads a node straight from the API server: a decision about a node is never made from a cache. */
import type { V1Node } from '@kubernetes/client-node';
import type { KubeClient } from './client.ts';
import { nullIfNotFound } from './errors.ts';

export const nodePath = (name: string): string => `/api/v1/nodes/${encodeURIComponent(name)}`;

/** null where there is no node of that name. */
export async function readNode(kube: KubeClient, name: string, signal: AbortSignal): Promise<V1Node | null> {
  return nullIfNotFound(kube.raw.request<V1Node>({ method: 'GET', path: nodePath(name), signal }));
}
