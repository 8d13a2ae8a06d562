/** Looks at all nodes now and then: their versions, boot IDs, addresses and taints are not in their metadata. */
import type { KubeClient } from '../../kube/client.ts';
import { lookAtNode, lookAtNodes } from '../../observe/node-facts.ts';
import type { Result } from '../../runtime/work-queue.ts';
import type { Stores } from '../stores.ts';
import { checkPolicy } from './check-policy.ts';
import type { KnownNodes } from './known-nodes.ts';

/** Instead of the name of a node, which cannot contain a star. */
export const ALL = '*';
const LOOK_MS = 10 * 60_000;

interface LookOptions {
  readonly kube: KubeClient;
  readonly stores: Pick<Stores, 'policies'>;
  readonly known: KnownNodes;
}

/** Returns the reconcile function. The key is the name of a node that is new, or `ALL`. */
export function createLookReconciler({ kube, stores, known }: LookOptions) {
  return async function reconcile(key: string, signal: AbortSignal): Promise<Result> {
    if (!checkPolicy(stores.policies.list())) return { kind: 'done' };
    if (key !== ALL) {
      const facts = await lookAtNode(kube, key, signal);
      if (facts) known.put(facts);
      else known.forget(key);
      return { kind: 'done' };
    }
    for await (const page of lookAtNodes(kube, signal)) for (const facts of page) known.put(facts);
    return { kind: 'requeue', afterMs: LOOK_MS };
  };
}
