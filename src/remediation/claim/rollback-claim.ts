/** From a person's request to the record of a rollback: what it is called, what it is about, and when there is none yet. */
import { FINAL_PHASES, type RemediationSpec } from '../../api/remediation.ts';
import { isOfFileAlone } from '../facts.ts';
import type { Remediation } from '../world.ts';

type RollbackDecision =
  | { readonly kind: 'claim'; readonly name: string; readonly spec: RemediationSpec }
  /** The repair is not over, or another request for the same is being carried out; asked again when that has ended. */
  | { readonly kind: 'not-yet' }
  /** The same question has its record, which the record of the repair does not name yet. */
  | { readonly kind: 'made'; readonly name: string }
  | { readonly kind: 'answered' };

/** Room for the digest within the 63 characters of a label value. */
const NAME_PART_LENGTH = 49;

/**
 * The name follows from the repair, the user and the reason, so that a second create collides, and the same request is never
 * carried out twice.
 */
export function decideRollback(
  original: Remediation,
  asked: NonNullable<Remediation['rollbackAsked']>,
  all: readonly Remediation[],
  { digest, now }: { readonly digest: (text: string) => string; readonly now: string },
): RollbackDecision {
  const { by, reason } = asked;
  const readable = original.name.slice(0, NAME_PART_LENGTH).replace(/[-.]+$/, '');
  const name = `${readable}-back-${digest(JSON.stringify([original.uid, by, reason])).slice(0, 6)}`;
  if (original.status.rollbacks.includes(name)) return { kind: 'answered' };
  if (all.some((one) => one.name === name)) return { kind: 'made', name };
  const isUnderWay = all.some(
    ({ spec, status }) =>
      spec.trigger === 'Rollback' &&
      spec.rollback.of.uid === original.uid &&
      !FINAL_PHASES.includes(status.phase),
  );
  if (isUnderWay || !FINAL_PHASES.includes(original.status.phase)) return { kind: 'not-yet' };
  const { policy, node, cause, settings } = original.spec;
  const { repairDirectory } = original.status;
  return {
    kind: 'claim',
    name,
    spec: {
      policy,
      node,
      cause,
      trigger: 'Rollback',
      rollback: {
        of: { name: original.name, uid: original.uid },
        fileAlone: isOfFileAlone(original),
        ...(repairDirectory === undefined ? {} : { directory: repairDirectory }),
        by: by === '' ? 'a user who gave no name' : by,
        reason: reason.slice(0, MAX_REASON),
        at: now,
      },
      settings: { ...settings, pause: [] },
    },
  };
}

/** As the schema allows. */
const MAX_REASON = 1024;
