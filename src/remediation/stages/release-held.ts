/** Nothing stays in quarantine forever: a node is released at once, or after a failure when that is acknowledged. */
import { holdsNode } from '../facts.ts';
import { act, pass, type Verdict, wait } from '../verdict.ts';
import type { Situation } from '../world.ts';

export function releaseHeld(situation: Situation): Verdict {
  const { remediation, world, now } = situation;
  const { hold, quarantine } = remediation.status;
  // A deleted node is not held any more; the record must say so, or it takes a slot forever.
  if (!world.node) return quarantine?.heldSince === undefined ? pass : act({ kind: 'release' });
  const held = holdsNode(situation);
  if (!hold) return held || quarantine?.heldSince !== undefined ? act({ kind: 'release' }) : pass;

  // A failed verification puts the quarantine back, once.
  if (hold === 'Restore') return act({ kind: 'quarantine' });
  if (!held && quarantine?.heldSince === undefined) return pass;
  const since = quarantine?.heldSince === undefined ? now : Date.parse(quarantine.heldSince);
  const leftMs = since + remediation.spec.settings.quarantine.maxSeconds * 1000 - now;
  if (remediation.acknowledged || leftMs <= 0 || !held) return act({ kind: 'release' });
  return wait(
    'AwaitingAcknowledgement',
    `The node stays in quarantine for another ${Math.ceil(leftMs / 1000)} s, or until the failure is acknowledged.`,
    leftMs,
  );
}
