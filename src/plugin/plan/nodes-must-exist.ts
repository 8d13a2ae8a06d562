/** A plan is asked for a node that exists; one that may not be read is left to the operator. */
import type { KubeClient } from '../../kube/client.ts';
import { KubeError, nullIfNotFound } from '../../kube/errors.ts';
import { PluginError } from '../errors.ts';
import { nearest } from '../terminal/nearest.ts';

const NODES = '/api/v1/nodes';

interface Named {
  readonly metadata: { readonly name: string };
}

/** @throws PluginError if one does not exist */
export async function nodesMustExist(
  kube: KubeClient,
  nodes: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  try {
    for (const node of nodes) {
      const path = `${NODES}/${encodeURIComponent(node)}`;
      if ((await nullIfNotFound(kube.raw.request({ method: 'GET', path, signal }))) !== null) continue;
      const { items } = await kube.raw.request<{ readonly items: readonly Named[] }>({
        method: 'GET',
        path: NODES,
        signal,
      });
      throw new PluginError(
        missing(
          node,
          items.map(({ metadata }) => metadata.name),
        ),
      );
    }
  } catch (error) {
    if (!(error instanceof KubeError) || error.code !== 403) throw error;
  }
}

function missing(node: string, names: readonly string[]): string {
  const near = nearest(node, names);
  return `there is no node ${node}${near.length === 0 ? '' : `: did you mean ${near.join(' or ')}?`}`;
}
