/** Reports nodes that went wrong as it happens, from what the policies list; of a repair the incident says more. */
import type { NodesStatus } from '../../api/nodes-status.ts';
import type { PolicyStatus } from '../../api/policy/status.ts';
import type { Output } from '../terminal/output.ts';

interface NodeFollower {
  readonly see: (policy: { readonly name: string; readonly status: Pick<PolicyStatus, 'nodes'> }) => void;
  /** All that was there has been seen: it is in the status that was printed before. */
  readonly fromNowOn: () => void;
}

type Reported = Pick<NodesStatus['notProven'][number], 'node' | 'reason' | 'message'>;
const idOf = ({ node, reason }: Reported): string => `${node} ${reason}`;

export function createNodeFollower({ line }: Pick<Output, 'line'>): NodeFollower {
  const listed = new Map<string, ReadonlySet<string>>();
  let isLive = false;
  return {
    see({ name, status }) {
      const before = listed.get(name);
      const { notProven = [], filesDiffer = [] } = status.nodes ?? {};
      const now: readonly Reported[] = [
        ...notProven.filter(({ reason }) => reason !== 'Repairing' && reason !== 'AwaitingApproval'),
        ...filesDiffer,
      ];
      listed.set(name, new Set(now.map(idOf)));
      if (!isLive) return;
      for (const one of now)
        if (before?.has(idOf(one)) !== true) line(`${INDENT}${one.node}  ${one.reason}: ${one.message}`);
    },
    fromNowOn() {
      isLive = true;
    },
  };
}

/** Where the lines of an incident have its seconds. */
const INDENT = ' '.repeat(12);
