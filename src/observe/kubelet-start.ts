/** Starts of kubelets, from the events that they write a second after each: a watch of them costs less than a look at all nodes. */
import * as z from 'zod';
import { epochTime } from './epoch-time.ts';

const eventSchema = z.object({
  metadata: z.object({ name: z.string(), creationTimestamp: epochTime }),
  involvedObject: z.object({ kind: z.string().nullish(), name: z.string().nullish() }),
  reason: z.string().nullish(),
  message: z.string().nullish(),
});

/** Only events about nodes, which are stored in the namespace `default`, because a node has none. */
export const NODE_EVENTS = 'involvedObject.kind=Node';

export interface KubeletStart {
  /** Name of the node. */
  readonly node: string;
  /** When the API server stored the event, epoch milliseconds in whole seconds. */
  readonly at: number;
}

/**
 * The kubelet's event `Starting`; null for any other. kube-proxy's event of that reason has no message (seen with 1.37;
 * pkg/kubelet/kubelet.go `StartingKubelet`).
 *
 * @throws ZodError where the object is not an event
 */
export function parseKubeletStart(raw: unknown): KubeletStart | null {
  const { metadata, involvedObject, reason, message } = eventSchema.parse(raw);
  if (involvedObject.kind !== 'Node' || !involvedObject.name) return null;
  if (reason !== 'Starting' || message !== 'Starting kubelet.') return null;
  return { node: involvedObject.name, at: metadata.creationTimestamp };
}
