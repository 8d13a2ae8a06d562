/** Active: what is done about loops and drifts now. False while nothing may begin. */
import type { Mode } from '../../../api/policy/approval.ts';
import type { PolicyFacts } from '../facts.ts';
import { breakerOpen } from './breaker-open.ts';
import type { Judgement } from './judgement.ts';
import { ready } from './ready.ts';

export function active(facts: PolicyFacts): Judgement {
  const inForce = ready(facts);
  if (inForce.status === 'False') return inForce;
  const breaker = breakerOpen(facts);
  if (breaker.status === 'True') return { ...breaker, status: 'False' };
  const { mode } = facts.policy;
  // Nodes are checked under one policy only.
  return {
    status: 'True',
    reason: REASONS[mode],
    message: `${DOES[mode][facts.nodes === 'none' ? 'pods' : 'nodes']}${leftToOthers(facts)}`,
  };
}

/** Nodes that this policy selects as well. */
const leftToOthers = ({ overlaps }: PolicyFacts): string =>
  overlaps
    .map(
      ({ policy, nodes }) =>
        ` ${nodes === 1 ? 'One node belongs' : `${nodes} nodes belong`} to policy ${policy} (Overlapping), which is older and names the same workload.`,
    )
    .join('');

const REASONS = {
  Observe: 'Observing',
  Plan: 'Planning',
  Approve: 'AskingFirst',
  Repair: 'Watching',
} as const satisfies Readonly<Record<Mode, string>>;

const DOES = {
  Observe: {
    pods: 'Crashes of DNS pods are reported. Nothing is changed.',
    nodes:
      'Crashes of DNS pods are reported, and so are nodes on which the next DNS pod would loop. Nothing is changed.',
  },
  Plan: {
    pods: 'A forwarding loop is reported with the plan of its repair. Nothing is changed.',
    nodes:
      'A forwarding loop, or a node on which the next DNS pod would loop, is reported with the plan of its repair. Nothing is changed.',
  },
  Approve: {
    pods: 'A forwarding loop is repaired once a person has approved the plan of its repair.',
    nodes:
      'A forwarding loop, or a node on which the next DNS pod would loop, is repaired once a person has approved the plan of its repair.',
  },
  Repair: {
    pods: 'Forwarding loops are repaired as soon as they are seen.',
    nodes:
      'Forwarding loops are repaired as soon as they are seen, and nodes on which the next DNS pod would loop as soon as a check finds them.',
  },
} as const satisfies Readonly<Record<Mode, Readonly<Record<'pods' | 'nodes', string>>>>;
