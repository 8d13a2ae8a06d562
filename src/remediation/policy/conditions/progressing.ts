/** Progressing: the operator works on a node now. */
import { FINAL_PHASES, type Phase } from '../../../api/remediation.ts';
import type { Remediation } from '../../world.ts';
import type { PolicyFacts } from '../facts.ts';
import { type Judgement, listed } from './judgement.ts';

/** Only admitted, it may still stand back, and a moment later it holds its node: not worth a write of its own. */
const RESTING: readonly Phase[] = ['Pending', 'AwaitingApproval', 'Quarantining', ...FINAL_PHASES];

const isWorkedOn = ({ status }: Remediation): boolean =>
  status.quarantine?.heldSince !== undefined || !RESTING.includes(status.phase);

export function progressing({ remediations }: PolicyFacts): Judgement {
  const busy = remediations.filter(isWorkedOn);
  if (busy.length === 0)
    return { status: 'False', reason: 'Idle', message: 'The operator works on no node.' };
  const nodes = listed(busy.map(({ spec }) => spec.node.name).toSorted());
  const isOnlyPlanning = busy.every(({ status }) => status.phase === 'Planning');
  return isOnlyPlanning
    ? { status: 'True', reason: 'Planning', message: `The operator inspects ${nodes}, to make a plan.` }
    : { status: 'True', reason: 'Repairing', message: `The operator works on ${nodes}.` };
}
