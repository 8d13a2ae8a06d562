/** What decides, beside its checks and incidents, what is said of a node: who would repair it, and what happened to it since. */
import type { CheckReason } from '../../api/drift.ts';
import { EXCLUDE_LABEL } from '../../api/keys.ts';
import type { NodeCheckRecord } from '../../api/node-check-record.ts';
import type { KnownOfChecks } from '../../health/nodes/after-check.ts';
import type { Due } from '../../health/nodes/due.ts';
import type { Policy } from '../../observe/custom-resources.ts';
import type { WatchedNode } from '../../observe/watched-node.ts';

/** A check that is due takes seconds, or a little longer behind others: until then, what was found before is still said. */
export const OVERDUE_MS = 5 * 60_000;

/** After these, the file that new pods are given may be another one. */
const HAPPENED: Partial<Record<CheckReason, string>> = {
  Rebooted: 'The node was rebooted',
  KubeletUpgraded: 'The kubelet of the node was upgraded',
  OSImageChanged: 'The operating system of the node was upgraded',
  KubeletStarted: 'The kubelet of the node was started again',
};

/** Whether what is said of a node becomes outdated if the check that is due for this reason does not follow. */
export const mayOutdate = (why: CheckReason): boolean => HAPPENED[why] !== undefined;

/** Why nobody repairs the node, as a sentence; null if the policy does. */
export function whyNotRepaired({ mark }: Pick<WatchedNode, 'mark'>, policy: Policy | null): string | null {
  if (mark?.exclude === 'true') return `The label ${EXCLUDE_LABEL}=true excludes the node from repairs.`;
  switch (policy?.spec.mode) {
    case 'Observe':
      return `DNSHealthPolicy ${policy.name} only observes (mode Observe).`;
    case 'Plan':
      return `DNSHealthPolicy ${policy.name} only plans (mode Plan).`;
    default:
      return null;
  }
}

interface Circumstances {
  readonly known: KnownOfChecks;
  /** What was written last. */
  readonly before: NodeCheckRecord | null;
  readonly policy: Policy | null;
  /** There are policies, and none covers the node. */
  readonly isUncovered: boolean;
  /** Undefined if the node is not due for a check. */
  readonly due: Due | undefined;
}

export interface Outdated {
  /** Why what was said before does not hold any more, as a sentence; null while it does. */
  readonly because: string | null;
  /** When that is to be asked again; null: not before something changes. */
  readonly afterMs: number | null;
}

/** Remembers since when each node is due because something happened to it: what is known of a node does not show the time. */
export function createOutdated(now: () => number) {
  const since = new Map<string, { readonly why: CheckReason; readonly at: number }>();

  /** Since when the node could have been checked after what happened to it, epoch milliseconds. */
  function dueSince(node: string, { why, at }: Due): number {
    const last = since.get(node);
    if (last?.why !== why) since.set(node, { why, at: now() });
    return Math.max(last?.why === why ? last.at : now(), at);
  }

  return {
    of(node: string, { known, before, policy, isUncovered, due }: Circumstances): Outdated {
      const happened = due && HAPPENED[due.why];
      if (!happened) since.delete(node);
      if (!before && !known.check) return { because: null, afterMs: null };
      if (isUncovered) return because('No DNSHealthPolicy selects the node any more, so it is not checked.');
      if (!policy) return because('There is no DNSHealthPolicy any more, so nodes are not checked.');
      const leftMs = happened ? dueSince(node, due) + OVERDUE_MS - now() : null;
      if (leftMs !== null && leftMs <= 0) return because(`${happened} and has not been checked since.`);
      if (known.found) return { because: null, afterMs: leftMs };
      const { check } = known;
      if (check?.outcome !== 'failed') return because('The node has not been checked yet.');
      return because(
        `The last check of the node failed and will be repeated: ${check.problem ?? 'no reason is recorded.'}`,
      );
    },
    forget: (node: string) => void since.delete(node),
  };
}

const because = (sentence: string): Outdated => ({ because: sentence, afterMs: null });
