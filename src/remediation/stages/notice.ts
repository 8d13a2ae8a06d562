/**
 * What people do to a node in our quarantine: recorded, and left as it is. The quarantine is set once, and its release takes
 * away only what it added.
 */
import type { Interference, InterferenceKind } from '../../api/interference.ts';
import { holdsNode } from '../facts.ts';
import { pass, record, type Verdict } from '../verdict.ts';
import type { NodeView, Situation } from '../world.ts';

export function notice(situation: Situation): Verdict {
  const { remediation, world } = situation;
  const { node } = world;
  const since = remediation.status.quarantine?.heldSince;
  if (!node || since === undefined || !holdsNode(situation)) return pass;
  const seen = remediation.status.interference.filter(({ at }) => Date.parse(at) >= Date.parse(since));
  const what = cordonChanged(node, seen) ?? taintRemoved(node, seen);
  return what === null ? pass : record({ kind: 'interfered', what, message: MESSAGES[what](node.name) });
}

/** Compared with what the quarantine left, or with what was last seen. A second cordon of a cordoned node is no change. */
function cordonChanged(node: NodeView, seen: readonly Interference[]): InterferenceKind | null {
  const last = seen.findLast(({ what }) => what !== 'TaintRemoved');
  const wasCordoned = last
    ? last.what === 'Cordoned'
    : node.quarantine?.strategy === 'Cordon' || node.quarantine?.wasUnschedulable === true;
  if (node.unschedulable === wasCordoned) return null;
  return node.unschedulable ? 'Cordoned' : 'Uncordoned';
}

function taintRemoved(node: NodeView, seen: readonly Interference[]): InterferenceKind | null {
  const isGone = node.quarantine?.strategy === 'Taint' && !node.tainted;
  return isGone && !seen.some(({ what }) => what === 'TaintRemoved') ? 'TaintRemoved' : null;
}

const MESSAGES: Readonly<Record<InterferenceKind, (node: string) => string>> = {
  Cordoned: (node) =>
    `Someone cordoned node ${node} while it was in quarantine. It stays cordoned after the release, until \`kubectl uncordon ${node}\`.`,
  Uncordoned: (node) =>
    `Someone uncordoned node ${node} while it was in quarantine. It is not cordoned again, so new pods may be placed there before the work on it is over.`,
  TaintRemoved: (node) =>
    `Someone removed the taint dnshealth.io/quarantine of node ${node} while it was in quarantine. It is not put back, so new pods may be placed there before the work on it is over.`,
};
