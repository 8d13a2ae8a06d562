/** What the checks of the nodes have shown, as text for people. */
import { NODE_CONDITION } from '../../api/node-condition.ts';
import { MAX_NOT_PROVEN, type NodesStatus } from '../../api/nodes-status.ts';
import { shortDuration } from '../terminal/durations.ts';
import type { Output } from '../terminal/output.ts';

interface View {
  readonly now: number;
  readonly paint: Output['paint'];
}

export function showNodes(nodes: NodesStatus, { now, paint }: View): string {
  const { total, checked, drifted, notProven, filesDiffer } = nodes;
  return [
    `  ${checked} of ${total} ${total === 1 ? 'node is' : 'nodes are'} checked. ${found(drifted)}\n`,
    ...notProven.map(
      ({ node, reason, message, since }) =>
        `  ${paint('bold', node)}  ${reason} for ${shortDuration(now - Date.parse(since))}\n    ${message}\n`,
    ),
    ...filesDiffer.map(
      ({ node, reason, message, inspectedAt }) =>
        `  ${paint('bold', node)}  ${reason}, inspected ${shortDuration(now - Date.parse(inspectedAt))} ago\n    ${message}\n`,
    ),
    notProven.length < MAX_NOT_PROVEN ? '' : `  There may be more. All of them: ${ALL_NODES}\n`,
  ].join('');
}

function found(drifted: number): string {
  if (drifted === 0) return 'None of them makes CoreDNS loop.';
  return drifted === 1
    ? 'On 1 of them the next CoreDNS pod would loop.'
    : `On ${drifted} of them the next CoreDNS pod would loop.`;
}

const ALL_NODES = `kubectl get nodes -o custom-columns='NAME:.metadata.name,RESOLVER:.status.conditions[?(@.type=="${NODE_CONDITION}")].reason'`;
