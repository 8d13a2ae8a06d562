/** Closing 1. Nothing stays cordoned by us: a node is given back at once, or after a failure when it was looked at. */
import { holdsNode } from '../facts.ts';
import { act, pass, type Verdict, wait } from '../verdict.ts';
import type { Situation } from '../world.ts';

export function releaseHeld(situation: Situation): Verdict {
  const { remediation, world, now } = situation;
  const { hold, quarantine } = remediation.status;
  // A node that is gone is held by nobody; the record must say so, or it takes a slot for ever.
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
    'HeldForAPerson',
    `The node stays in quarantine for ${Math.ceil(leftMs / 1000)} s more.`,
    leftMs,
  );
}
