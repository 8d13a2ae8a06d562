/** Can another node take a new DNS pod? One live read, needed only while the node of an incident is cordoned. */
import * as z from 'zod';
import type { KubeClient } from '../kube/client.ts';
import { keepsDNSPodsOff, taintSchema } from './taints.ts';

/** Enough to find one; a cluster of thousands of nodes must not be read for that. */
const PAGE = 50;

const nodeListSchema = z.object({
  items: z.array(
    z.object({
      metadata: z.object({ name: z.string() }),
      spec: z.object({ taints: z.array(taintSchema).nullish() }).nullish(),
      status: z
        .object({ conditions: z.array(z.object({ type: z.string(), status: z.string() })).nullish() })
        .nullish(),
    }),
  ),
});

/** Whether a node other than `name` is Ready, not cordoned, and free of taints that keep DNS pods away. */
export async function anotherNodeTakesPods(
  kube: KubeClient,
  name: string,
  signal: AbortSignal,
): Promise<boolean> {
  const query = { fieldSelector: 'spec.unschedulable=false', limit: `${PAGE}` };
  const list = await kube.raw.request({ method: 'GET', path: '/api/v1/nodes', query, signal });
  return nodeListSchema
    .parse(list)
    .items.some(
      ({ metadata, spec, status }) =>
        metadata.name !== name &&
        status?.conditions?.some((condition) => condition.type === 'Ready' && condition.status === 'True') &&
        !spec?.taints?.some(keepsDNSPodsOff),
    );
}
