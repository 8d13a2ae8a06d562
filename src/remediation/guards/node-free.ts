/** No other remediation holds the node in quarantine, or is about to. */
import { RECHECK_MS } from '../deadlines.ts';
import { holdsNode, isUnderRepair } from '../facts.ts';
import { pass, type Verdict, wait } from '../verdict.ts';
import type { Situation } from '../world.ts';

export function nodeIsFree(situation: Situation): Verdict {
  const { remediation, world } = situation;
  const { name, uid } = remediation.spec.node;
  if (world.node?.hasUnreadableRecord)
    return wait(
      'NodeHeld',
      `The annotation dnshealth.io/quarantine of node ${name} cannot be read. The operator removes it after ten minutes. If the node is not in quarantine, remove it now: \`kubectl annotate node ${name} dnshealth.io/quarantine-\`.`,
      RECHECK_MS,
    );
  const admitted = world.remediations.find(
    (other) => other.name !== remediation.name && other.spec.node.uid === uid && isUnderRepair(other),
  );
  const holder = holdsNode(situation) ? undefined : world.node?.quarantine?.remediation;
  const other = holder ?? admitted?.name;
  return other === undefined
    ? pass
    : wait('NodeHeld', `Node ${name} is still held by remediation ${other}.`, RECHECK_MS);
}
