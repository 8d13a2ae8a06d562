/** On how many nodes of a policy pods of a DNS workload may run: what a percentage of nodes is counted from. */
import type { Policy } from '../../observe/custom-resources.ts';
import { selectsNode } from '../../remediation/scope/node-selector.ts';
import type { Stores } from '../stores.ts';
import type { KnownNodes } from './known-nodes.ts';

export type EligibleNodes = (policy: Policy) => number;

/**
 * Whether a node is Ready makes no difference: an outage must not lower the limit in the middle of its repair. Nodes that
 * were not looked at yet count.
 */
export const createEligibleNodes =
  (stores: Pick<Stores, 'nodes'>, known: Pick<KnownNodes, 'get'>): EligibleNodes =>
  ({ spec }) =>
    stores.nodes.list().filter(({ name, isLinux, deleting, mark, labels }) => {
      if (!isLinux || deleting || mark?.exclude === 'true') return false;
      if (!selectsNode(spec.nodeSelector, labels)) return false;
      // The pods of a DaemonSet run on cordoned nodes, and tolerate what its author wants.
      return spec.workload.kind === 'DaemonSet' || (known.get(name)?.takesDNSPods ?? true);
    }).length;
