import { describe, expect, it } from 'vitest';
import { aNode, aRemediation, aSituation, at, isoAt } from '../../../test/support/objects/builders.ts';
import type { RemediationStatus } from '../../api/remediation.ts';
import { mayBegin } from '../safety.ts';
import { releaseHeld } from './release-held.ts';

const heldSince = isoAt(0);
const quarantine = { strategy: 'Cordon', nodeWasUnschedulable: false } as const;

function ended(
  status: Partial<RemediationStatus>,
  { onNode = true, now = at(10), acknowledged = false } = {},
) {
  const remediation = aRemediation({
    acknowledged,
    status: { phase: 'Failed', finishedAt: isoAt(5), quarantine: { ...quarantine, heldSince }, ...status },
  });
  const record = {
    remediation: remediation.name,
    strategy: 'Cordon' as const,
    wasUnschedulable: false,
    since: heldSince,
  };
  const node = aNode({ quarantine: onNode ? record : null });
  return aSituation({ remediation, now, world: { node, remediations: [remediation] } });
}
const release = { kind: 'act', effect: { kind: 'release' } };

describe('when an incident is over', () => {
  it('its node is given back at once', () => {
    expect(releaseHeld(ended({}))).toEqual(release);
  });

  it('its node is given back also where only the node says that it is held', () => {
    expect(releaseHeld(ended({ quarantine }))).toEqual(release);
  });

  it('a node that was given back is left alone', () => {
    expect(releaseHeld(ended({ quarantine }, { onNode: false }))).toEqual({ kind: 'pass' });
  });
});

describe('when a person has to look at the node', () => {
  it('the quarantine is put back where it was released already', () => {
    expect(releaseHeld(ended({ quarantine, hold: 'Restore' }, { onNode: false }))).toEqual({
      kind: 'act',
      effect: { kind: 'quarantine' },
    });
  });

  it('waits until the policy’s maximum, told in seconds, and is then given back', () => {
    expect(releaseHeld(ended({ hold: 'Held' }))).toMatchObject({
      kind: 'wait',
      reason: 'HeldForAPerson',
      message: 'The node stays in quarantine for 470 s more.',
      recheckMs: 470_000,
    });
    expect(releaseHeld(ended({ hold: 'Held' }, { now: at(480) }))).toEqual(release);
  });

  it('is given back as soon as the failure is acknowledged', () => {
    expect(releaseHeld(ended({ hold: 'Held' }, { acknowledged: true }))).toEqual(release);
  });

  it('one that the person gave back by hand is only written down as given back', () => {
    expect(releaseHeld(ended({ hold: 'Held' }, { onNode: false }))).toEqual(release);
  });
});

describe('when the node is gone', () => {
  it('the record still says that it was given back, so that nobody waits for it', () => {
    const situation = ended({ hold: 'Held' });
    expect(releaseHeld({ ...situation, world: { ...situation.world, node: null } })).toEqual(release);
  });

  it('a node that was not held needs nothing', () => {
    const situation = ended({ quarantine, hold: 'Restore' });
    expect(releaseHeld({ ...situation, world: { ...situation.world, node: null } })).toEqual({
      kind: 'pass',
    });
  });

  it('the next repair may begin once that is written down', () => {
    const gone = aRemediation({
      node: 'node-9',
      acknowledged: true,
      status: { phase: 'Failed', finishedAt: isoAt(-5), quarantine },
    });
    const remediation = aRemediation();
    expect(mayBegin(aSituation({ remediation, world: { remediations: [gone, remediation] } }))).toEqual({
      kind: 'pass',
    });
  });
});
