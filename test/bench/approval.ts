/** How soon a repair begins after a person has approved its plan. */
import { APPROVED_ANNOTATION, APPROVED_BY_ANNOTATION } from '../../src/api/keys.ts';
import { breakNode } from '../cluster/break-node.ts';
import type { Rig } from '../cluster/rig.ts';
import { restoreCluster, untilEnded, untilRemediation } from '../support/rig/cluster-state.ts';
import { applyPolicy } from '../support/rig/installation.ts';

/** Seconds from the start of `kubectl annotate`, the time that kubectl itself takes included. */
export interface ApprovalTimes {
  readonly quarantined: number;
  readonly kubeletBack: number;
}

export async function approvedRepair(rig: Rig, node: string): Promise<ApprovalTimes> {
  await restoreCluster(rig);
  await applyPolicy(rig, { mode: 'Approve' });
  await breakNode(rig, node);
  const { metadata, status: waiting } = await untilRemediation(
    rig,
    node,
    'to wait for an approval',
    ({ status }) => status?.phase === 'AwaitingApproval',
  );
  const who = (await rig.kubectl(['auth', 'whoami', '-o', 'jsonpath={.status.userInfo.username}'])).stdout;
  const answer = [`${APPROVED_ANNOTATION}=${waiting?.plan?.hash}`, `${APPROVED_BY_ANNOTATION}=${who}`];
  const approved = Date.now();
  await rig.kubectl(['annotate', 'dnsrem', metadata.name, ...answer]);
  const { status } = await untilEnded(rig, node);
  if (status.phase !== 'Healed') throw new Error(`${status.phase}: ${status.message}`);
  const since = (text: string | undefined): number => (Date.parse(text ?? '') - approved) / 1000;
  return {
    quarantined: since(status.steps.find(({ name }) => name === 'Quarantine')?.finishedAt),
    kubeletBack: since(status.repair?.times.restarted),
  };
}
