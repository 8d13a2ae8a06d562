/**
 * The label that leaves a node alone after a rollback. Set before the change, so that no repair follows it whatever becomes
 * of the operator or of this record in between; taken away again if the node still has what the repair wrote.
 */
import { isExcludedFor } from '../../api/exclusion.ts';
import { changeStep, stepStartedAt, takenBack, wasAdmitted } from '../facts.ts';
import { act, pass, type Verdict } from '../verdict.ts';
import type { Situation } from '../world.ts';

/** Once: whoever removes the label afterwards wants the node to be repaired. */
export function exclude(situation: Situation): Verdict {
  const { remediation, world } = situation;
  const hasBegun =
    wasAdmitted(situation) || stepStartedAt(remediation, changeStep(remediation)) !== null || world.repairJob;
  return hasBegun || !world.node || world.node.excluded ? pass : act({ kind: 'exclude' });
}

/** After the end. */
export function include(situation: Situation): Verdict {
  const { remediation, world } = situation;
  if (remediation.spec.trigger !== 'Rollback' || mayHaveTakenEffect(situation)) return pass;
  return world.node && isExcludedFor(world.node.excludedBecause, remediation.name)
    ? act({ kind: 'include' })
    : pass;
}

/** Without a report nobody knows, and the node stays protected. */
function mayHaveTakenEffect(situation: Situation): boolean {
  const { remediation } = situation;
  const { rollback, guard } = remediation.status;
  if (rollback) return !(guard ?? rollback).nodeUnchanged;
  const neverRan = takenBack(situation, 'NeverStarted') ?? takenBack(situation, 'LastServingPod');
  const isSilent = takenBack(situation, 'Silent') !== null;
  return isSilent || (stepStartedAt(remediation, 'Rollback') !== null && neverRan === null);
}
