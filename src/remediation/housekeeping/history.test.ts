import { describe, expect, it } from 'vitest';
import { aRemediation, at, isoAt, SICK_POD } from '../../../test/support/objects/builders.ts';
import type { Phase } from '../../api/remediation.ts';
import type { Remediation } from '../world.ts';
import { outdated } from './history.ts';

const rollout = { policyUID: 'policy-1', workload: { kind: 'Deployment', name: 'coredns' } } as const;
const HOUR = 3600;

/** Ended that many hours ago. */
const ended = (hours: number, phase: Phase = 'Healed', overrides: object = {}, status: object = {}) =>
  aRemediation({
    name: `${hours}-hours-ago`,
    uid: `uid-${hours}`,
    status: { phase, finishedAt: isoAt(-hours * HOUR), ...status },
    ...overrides,
  });
const namesOf = (remediations: readonly Remediation[], keep = 1, pods: readonly string[] = [SICK_POD.uid]) =>
  outdated({ remediations, rollout, keep, pods: new Set(pods), now: at(0) }).map(({ name }) => name);

describe('of the ended remediations of a policy', () => {
  it('the newest are kept, and the others are deleted, oldest first', () => {
    const all = [ended(3), ended(5, 'Cancelled'), ended(2), ended(4)];
    expect(namesOf(all, 2)).toEqual(['5-hours-ago', '4-hours-ago']);
    expect(namesOf(all, 4)).toEqual([]);
  });

  it('those of a deleted policy for the same workload count too, and those of another workload do not', () => {
    const former = ended(4);
    const spec = { ...former.spec, policy: { name: 'coredns', uid: 'deleted' } };
    expect(namesOf([{ ...former, spec }, ended(2)])).toEqual(['4-hours-ago']);
    const other = {
      ...spec,
      settings: { ...spec.settings, workload: { ...spec.settings.workload, name: 'x' } },
    };
    expect(namesOf([{ ...former, spec: other }, ended(2)])).toEqual([]);
  });

  const quarantine = { strategy: 'Taint', nodeWasUnschedulable: false, heldSince: isoAt(0) } as const;
  it.each<[string, Remediation]>([
    ['is not over', aRemediation({ name: 'open', createdAt: at(-9 * HOUR) })],
    ['waits for its next attempt', ended(9, 'Pending', {}, { nextAttempt: isoAt(60) })],
    ['still holds its node', ended(9, 'Healed', {}, { quarantine })],
    ['is about to hold its node again', ended(9, 'Failed', { acknowledged: true }, { hold: 'Restore' })],
    ['halts further repairs', ended(9, 'RolledBack')],
    ['is of another version and not acknowledged', ended(9, 'Failed', { unreadable: 'phase' })],
    ['was refused, while its pod may still crash', ended(9, 'Refused')],
    ['ended within the last hour', ended(0.9)],
  ])('one that %s is never deleted', (_what, needed) => {
    expect(namesOf([needed, ended(0.5), ended(0.4)], 1)).toEqual([]);
  });

  it('one that needed an administrator is deleted once it is acknowledged, or its pod is gone', () => {
    expect(namesOf([ended(9, 'RolledBack', { acknowledged: true }), ended(2)])).toEqual(['9-hours-ago']);
    expect(namesOf([ended(9, 'Refused'), ended(2)], 1, [])).toEqual(['9-hours-ago']);
  });
});
