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
  it('its node is released at once', () => {
    expect(releaseHeld(ended({}))).toEqual(release);
  });

  it('its node is released also if only the node shows that it is held', () => {
    expect(releaseHeld(ended({ quarantine }))).toEqual(release);
  });

  it('a node that was released is left alone', () => {
    expect(releaseHeld(ended({ quarantine }, { onNode: false }))).toEqual({ kind: 'pass' });
  });
});

describe('when a failure has to be acknowledged', () => {
  it('the quarantine is set again if it was already released', () => {
    expect(releaseHeld(ended({ quarantine, hold: 'Restore' }, { onNode: false }))).toEqual({
      kind: 'act',
      effect: { kind: 'quarantine' },
    });
  });

  it('the node is held up to the policy’s maximum, and then released', () => {
    expect(releaseHeld(ended({ hold: 'Held' }))).toMatchObject({
      kind: 'wait',
      reason: 'AwaitingAcknowledgement',
      message: 'The node stays in quarantine for another 470 s, or until the failure is acknowledged.',
      recheckMs: 470_000,
    });
    expect(releaseHeld(ended({ hold: 'Held' }, { now: at(480) }))).toEqual(release);
  });

  it('the node is released as soon as the failure is acknowledged', () => {
    expect(releaseHeld(ended({ hold: 'Held' }, { acknowledged: true }))).toEqual(release);
  });

  it('a node that was released by hand is only recorded as released', () => {
    expect(releaseHeld(ended({ hold: 'Held' }, { onNode: false }))).toEqual(release);
  });
});

describe('when the node is gone', () => {
  it('the release is recorded, so that no other repair waits for it', () => {
    const situation = ended({ hold: 'Held' });
    expect(releaseHeld({ ...situation, world: { ...situation.world, node: null } })).toEqual(release);
  });

  it('nothing is done for a node that was not held', () => {
    const situation = ended({ quarantine, hold: 'Restore' });
    expect(releaseHeld({ ...situation, world: { ...situation.world, node: null } })).toEqual({
      kind: 'pass',
    });
  });

  it('the next repair may begin once that is recorded', () => {
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
