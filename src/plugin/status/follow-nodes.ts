/** Reports nodes that went wrong as it happens, from what the policies list; of a repair the incident says more. */
import type { PolicyStatus } from '../../api/policy.ts';
import type { Output } from '../output.ts';

interface NodeFollower {
  readonly see: (policy: { readonly name: string; readonly status: Pick<PolicyStatus, 'nodes'> }) => void;
  /** All that was there has been seen: it is in the status that was printed before. */
  readonly fromNowOn: () => void;
}

export function createNodeFollower({ line }: Pick<Output, 'line'>): NodeFollower {
  const listed = new Map<string, ReadonlySet<string>>();
  let isLive = false;
  return {
    see({ name, status }) {
      const before = listed.get(name);
      const now = (status.nodes?.notProven ?? []).filter(({ reason }) => reason !== 'Repairing');
      const idOf = (one: (typeof now)[number]): string => `${one.node} ${one.reason}`;
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
