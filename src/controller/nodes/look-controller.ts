/** Looks at all nodes now and then: their versions, boot IDs, addresses and taints are not in their metadata. */
import type { KubeClient } from '../../kube/client.ts';
import { lookAtNode, lookAtNodes } from '../../observe/node-facts.ts';
import type { Logger } from '../../runtime/logger.ts';
import type { Result } from '../../runtime/work-queue.ts';
import type { Stores } from '../stores.ts';
import type { KnownNodes } from './known-nodes.ts';

/** Instead of the name of a node, which cannot contain a star. */
export const ALL = '*';
const LOOK_MS = 10 * 60_000;
/** Between two pages: 5,000 nodes are fifty of them, and the token of the next one is valid for five minutes. */
const PAGE_PAUSE_MS = 2_000;

interface LookOptions {
  readonly kube: KubeClient;
  readonly stores: Pick<Stores, 'policies'>;
  readonly known: KnownNodes;
  readonly logger: Logger;
}

/** Returns the reconcile function. The key is the name of a node that is new, or `ALL` for the next page of all nodes. */
export function createLookReconciler({ kube, stores, known, logger }: LookOptions) {
  let next: string | undefined;

  return async function reconcile(key: string, signal: AbortSignal): Promise<Result> {
    if (stores.policies.list().length === 0) return { kind: 'done' };
    if (key !== ALL) {
      const facts = await lookAtNode(kube, key, signal);
      if (facts) known.put(facts);
      else known.forget(key);
      return { kind: 'done' };
    }
    const page = next;
    // After an error, an expired token for example, the look begins again.
    next = undefined;
    const { facts, problems, next: following } = await lookAtNodes(kube, page, signal);
    for (const one of facts) known.put(one);
    for (const error of problems) logger.warn('node cannot be parsed and is not checked', { error });
    next = following;
    return { kind: 'requeue', afterMs: next === undefined ? LOOK_MS : PAGE_PAUSE_MS };
  };
}
