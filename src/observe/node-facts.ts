/** What a check of a node needs to know beyond its metadata, from a slow look at all nodes or from one read. */
import * as z from 'zod';
import { NODE_CONDITION } from '../api/node-condition.ts';
import type { KubeClient } from '../kube/client.ts';
import { readNode } from '../kube/read-node.ts';
import { parseNode } from './node.ts';
import { keepsDNSPodsOffForGood, taintSchema } from './taints.ts';

/** A whole node has twelve kilobytes, and a page is parsed at once. */
const PAGE = 100;

export interface NodeFacts {
  readonly name: string;
  readonly uid: string;
  readonly ready: boolean;
  readonly bootID: string;
  readonly kubeletVersion: string;
  readonly osImage: string;
  /** Internal and external IP addresses. */
  readonly addresses: readonly string[];
  /** The scheduler could place a DNS pod there: not cordoned, and no lasting taint that CoreDNS does not tolerate. */
  readonly takesDNSPods: boolean;
  /** Status and reason of the operator's condition, "True/Proven"; null without it. Another program may have changed it. */
  readonly says: string | null;
  /** Since when the condition has had its status (RFC 3339); null without it. */
  readonly saysSince: string | null;
}

const listSchema = z.object({
  metadata: z.object({ continue: z.string().nullish() }),
  items: z.array(z.unknown()),
});

const nodeSchema = z.object({
  spec: z.object({ taints: z.array(taintSchema).nullish() }).nullish(),
  status: z.object({
    conditions: z
      .array(
        z.object({
          type: z.string(),
          status: z.string(),
          reason: z.string().nullish(),
          lastTransitionTime: z.string().nullish(),
        }),
      )
      .nullish(),
  }),
});

export interface PageOfNodes {
  readonly facts: readonly NodeFacts[];
  /** Why a node could not be parsed. It must not keep the others from being checked. */
  readonly problems: readonly unknown[];
  /** Of the next page; undefined after the last one. */
  readonly next: string | undefined;
}

/**
 * Reads one page of all nodes.
 *
 * @param page undefined for the first one
 * @throws KubeError when the API cannot be reached, and 410 when the list was too long under way
 */
export async function lookAtNodes(
  kube: KubeClient,
  page: string | undefined,
  signal: AbortSignal,
): Promise<PageOfNodes> {
  const query = { limit: `${PAGE}`, ...(page === undefined ? {} : { continue: page }) };
  const { metadata, items } = listSchema.parse(
    await kube.raw.request({ method: 'GET', path: '/api/v1/nodes', query, signal }),
  );
  const facts: NodeFacts[] = [];
  const problems: unknown[] = [];
  for (const item of items) {
    try {
      facts.push(parseNodeFacts(item));
    } catch (error) {
      problems.push(error);
    }
  }
  return { facts, problems, next: metadata.continue || undefined };
}

/** null if there is no node of that name. */
export async function lookAtNode(
  kube: KubeClient,
  name: string,
  signal: AbortSignal,
): Promise<NodeFacts | null> {
  const node = await readNode(kube, name, signal);
  return node === null ? null : parseNodeFacts(node);
}

/** @throws ZodError if the object is not a node */
export function parseNodeFacts(raw: unknown): NodeFacts {
  const { name, uid, ready, unschedulable, addresses, system } = parseNode(raw);
  const { spec, status } = nodeSchema.parse(raw);
  const taints = spec?.taints ?? [];
  const own = status.conditions?.find(({ type }) => type === NODE_CONDITION);
  const { bootID, kubeletVersion, osImage } = system;
  return {
    name,
    uid,
    ready,
    bootID,
    kubeletVersion,
    osImage,
    addresses,
    takesDNSPods: !unschedulable && !taints.some(keepsDNSPodsOffForGood),
    says: own ? `${own.status}/${own.reason ?? ''}` : null,
    saysSince: own?.lastTransitionTime ?? null,
  };
}
