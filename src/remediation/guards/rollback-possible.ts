/** The repair that a person wants to take back can be taken back, as far as that is known without its node. */
import { FINAL_PHASES } from '../../api/remediation.ts';
import { changedTheNode } from '../facts.ts';
import { type Ending, end, pass, type Verdict } from '../verdict.ts';
import type { Remediation, Situation } from '../world.ts';

/** Whoever asked for it does not expect it any more. */
const WAITS_MS = 24 * 60 * 60_000;

export function rollbackIsPossible({ remediation, world, now }: Situation): Verdict {
  const { spec } = remediation;
  if (spec.trigger !== 'Rollback') return pass;
  const { name, uid } = spec.rollback.of;
  if (!world.node)
    return refused(
      'NodeGone',
      'The node was deleted or replaced, and its files with it. Nothing was changed.',
    );
  const original = world.remediations.find((one) => one.uid === uid);
  if (!original)
    return refused(
      'RecordDeleted',
      `The DNSRemediation ${name} was deleted, so it is not known what it changed. Nothing was changed.`,
      'Compare the file with the backups in /var/lib/dnshealth on the node, and apply by hand what is needed.',
    );
  const { rolledBackBy } = original.status;
  if (rolledBackBy !== undefined)
    return refused('RolledBackAlready', `${name} was undone by ${rolledBackBy}. Nothing was changed.`);
  if (!holdsItsChange(original))
    return refused(
      'NothingToRollBack',
      `${name} ended as ${original.status.phase} and left no change on the node. Nothing was changed.`,
    );
  const later = latestRepair(original, world.remediations);
  if (later !== original)
    return refused(
      'RepairedAgainSince',
      `The node was repaired again since ${name}, by ${later.name}. Only the latest repair of a node can be taken back.`,
      `Ask for the rollback of ${later.name}: \`kubectl dnshealth rollback ${later.name} --reason ...\`.`,
    );
  if (now - Date.parse(spec.rollback.at) > WAITS_MS)
    return end({
      phase: 'Expired',
      reason: 'WaitedTooLong',
      message: `The rollback of ${name} could not begin within a day. Nothing was changed.`,
      advice: 'If it is still wanted, ask for it again with another reason.',
      hold: false,
    });
  return pass;
}

/** The guard did not undo it. */
const holdsItsChange = ({ status }: Remediation): boolean =>
  FINAL_PHASES.includes(status.phase) &&
  status.phase !== 'RolledBack' &&
  changedTheNode(status) &&
  status.guard?.outcome !== 'rolled-back';

/** Of those that are still in place: the node of the original was repaired last by this one. */
function latestRepair(original: Remediation, all: readonly Remediation[]): Remediation {
  const endOf = ({ status }: Remediation): number => Date.parse(status.finishedAt ?? '') || 0;
  const ofThisNode = all.filter(
    (one) =>
      one.spec.node.uid === original.spec.node.uid &&
      one.status.rolledBackBy === undefined &&
      holdsItsChange(one) &&
      endOf(one) > endOf(original),
  );
  return ofThisNode.toSorted((a, b) => endOf(a) - endOf(b)).at(-1) ?? original;
}

const refused = (reason: string, message: string, advice?: string): Verdict => {
  const ending: Ending = {
    phase: 'Refused',
    reason,
    message,
    ...(advice === undefined ? {} : { advice }),
    hold: false,
  };
  return end(ending);
};
