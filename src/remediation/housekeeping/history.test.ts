import { describe, expect, it } from 'vitest';
import { aRemediation, at, isoAt, SICK_POD } from '../../../test/support/objects/builders.ts';
import type { Phase } from '../../api/remediation.ts';
import type { Remediation } from '../world.ts';
import { outdated } from './history.ts';

const HOUR = 3600;

/** Ended that many hours ago, each on a node of its own. */
const ended = (hours: number, phase: Phase = 'Healed', overrides: object = {}, status: object = {}) =>
  aRemediation({
    name: `${hours}-hours-ago`,
    uid: `uid-${hours}`,
    node: `node-${hours}`,
    status: { phase, finishedAt: isoAt(-hours * HOUR), ...status },
    ...overrides,
  });
interface Known {
  readonly keep?: number;
  readonly days?: number;
  readonly pods?: readonly string[];
  /** By default all nodes of the records are gone. */
  readonly nodes?: readonly string[];
}
const namesOf = (
  remediations: readonly Remediation[],
  { keep = 1, days = 90, pods = [SICK_POD.uid], nodes = [] }: Known = {},
) =>
  outdated({
    remediations,
    keep: { history: keep, historyDays: days },
    pods: new Set(pods),
    nodes: new Set(nodes.map((node) => `uid-of-${node}`)),
    now: at(0),
  }).map(({ name }) => name);

describe('of the ended remediations of a policy', () => {
  it('the newest are kept, and the others are deleted, oldest first', () => {
    const all = [ended(3), ended(5, 'Cancelled'), ended(2, 'Planned'), ended(4)];
    expect(namesOf(all, { keep: 2 })).toEqual(['5-hours-ago', '4-hours-ago']);
    expect(namesOf(all, { keep: 4 })).toEqual([]);
  });

  it('those that are too old are deleted, however few there are', () => {
    const all = [ended(25), ended(23), ended(24)];
    expect(namesOf(all, { keep: 100, days: 1 })).toEqual(['25-hours-ago']);
  });

  it('the last one of a node that exists is kept, and the others of it are not', () => {
    const same = { node: 'node-x' };
    const all = [ended(3, 'Healed', same), ended(4, 'Healed', same), ended(5), ended(2)];
    expect(namesOf(all, { nodes: ['node-x'] })).toEqual(['5-hours-ago', '4-hours-ago']);
    const old = [ended(99, 'Healed', same)];
    expect(namesOf(old, { days: 1, nodes: ['node-x'] })).toEqual([]);
    expect(namesOf(old, { days: 1 }), 'the node is gone').toEqual(['99-hours-ago']);
  });

  it('a repair is kept for a day, because the limits of a day are read from it', () => {
    const steps = [{ name: 'Repair', startedAt: isoAt(-25 * HOUR) }];
    const began = (hours: number) => ended(hours, 'Healed', {}, { steps });
    expect(namesOf([began(25), began(23), ended(22), ended(1)])).toEqual(['25-hours-ago', '22-hours-ago']);
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
    expect(namesOf([needed, ended(0.5), ended(0.4)])).toEqual([]);
  });

  it('one that needed an administrator is deleted once it is acknowledged, or its pod is gone', () => {
    expect(namesOf([ended(9, 'RolledBack', { acknowledged: true }), ended(2)])).toEqual(['9-hours-ago']);
    expect(namesOf([ended(9, 'Refused'), ended(2)], { pods: [] })).toEqual(['9-hours-ago']);
  });
});
