import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { aDrift, aRemediation, at, isoAt, withDrift } from '../../../test/support/objects/builders.ts';
import { DRIFT_PLACES, type DriftPlace } from '../../api/drift.ts';
import type { Phase } from '../../api/remediation.ts';
import type { Remediation } from '../world.ts';
import { MAX_AWAITING_APPROVAL, MAX_OPEN_DRIFTS, nextDrifts, type WrongNode } from './next-drifts.ts';

const NOW = at(600);
/** Longer ago than evidence is acted on. */
const LONG_AGO = -1;

const wrong = (name: string, second = 590, place: DriftPlace = 'HostsDNSPods'): WrongNode => ({
  node: { name, uid: `uid-of-${name}` },
  nodeNow: { bootID: '3b2e5a7c', kubeletStartedAt: null },
  mode: 'Repair',
  drift: aDrift({ foundAt: isoAt(second), place }),
});
const incident = (node: string, phase: Phase, changes: Partial<Remediation> = {}, second = 500) => {
  const finishedAt = phase === 'Pending' || phase === 'Proving' ? {} : { finishedAt: isoAt(second) };
  return { ...withDrift(aRemediation({ node, status: { phase, ...finishedAt } })), ...changes };
};
const many = (count: number, ...more: [second?: number, place?: DriftPlace]) =>
  Array.from({ length: count }, (_none, index) => wrong(`node-${index}`, ...more));

function next(nodes: readonly WrongNode[], remediations: readonly Remediation[] = []) {
  const { claimed, checkedAgain } = nextDrifts(() => nodes, remediations, NOW);
  const names = (all: readonly WrongNode[]) => all.map(({ node }) => node.name);
  return { claimed: names(claimed), checkedAgain: names(checkedAgain) };
}

describe('nodes that were found wrong', () => {
  it('are claimed in the order of their places, then the one that was found first, then by name', () => {
    const nodes = [
      wrong('without', 100, 'TakesNoDNSPods'),
      wrong('could', 100, 'MayHostDNSPods'),
      wrong('b', 200),
      wrong('a', 200),
      wrong('first', 150),
    ];
    expect(next(nodes).claimed).toEqual(['first', 'a', 'b', 'could', 'without']);
  });

  it('are not claimed while their node has an incident, whatever that began with', () => {
    const crash = aRemediation({ node: 'node-0', status: { phase: 'Pending' } });
    expect(next(many(3), [crash, incident('node-1', 'Proving')]).claimed).toEqual(['node-2']);
  });

  it.each(['Refused', 'Failed', 'RolledBack'] as const)(
    'are left alone after a repair that ended as %s, and keep nobody else from being claimed',
    (phase) => {
      const left = many(2 * MAX_OPEN_DRIFTS).map(({ node }) => incident(node.name, phase));
      const nodes = [...many(2 * MAX_OPEN_DRIFTS), wrong('node-x', 590, 'TakesNoDNSPods')];
      expect(next(nodes, left)).toEqual({ claimed: ['node-x'], checkedAgain: [] });
    },
  );

  it('are checked once more, in their turn, if that was longer ago than evidence is acted on', () => {
    expect(next([wrong('old', LONG_AGO), wrong('new')])).toEqual({ claimed: ['new'], checkedAgain: ['old'] });
  });

  it('are checked once more if they were found before the end of a repair that has been acknowledged since', () => {
    const acknowledged = incident('node-0', 'Failed', { acknowledged: true }, 595);
    expect(next(many(1), [acknowledged])).toEqual({ claimed: [], checkedAgain: ['node-0'] });
  });
});

describe('a bad image on 5,000 nodes', () => {
  it(`makes ${MAX_OPEN_DRIFTS} incidents at a time, and nothing is read while there is no room for one more`, () => {
    const nodes = many(5000);
    expect(next(nodes).claimed).toHaveLength(MAX_OPEN_DRIFTS);
    const open = next(nodes).claimed.map((name) => incident(name, 'Pending'));
    expect(next(nodes, open.slice(3)).claimed).toHaveLength(3);
    const unread = () => {
      throw new Error('read for nothing');
    };
    expect(nextDrifts(unread, open, NOW)).toEqual({ claimed: [], checkedAgain: [] });
  });

  it('those whose plans wait for an approval take no place, up to a bound of their own', () => {
    const waiting = Array.from({ length: MAX_AWAITING_APPROVAL }, (_none, index) =>
      incident(`waiting-${index}`, 'AwaitingApproval'),
    );
    expect(next(many(30), waiting.slice(1)).claimed).toHaveLength(MAX_OPEN_DRIFTS);
    expect(next(many(30), waiting).claimed).toEqual([]);
  });

  it('does not crowd out crashes: only incidents that began with a drift count', () => {
    const crashes = Array.from({ length: 50 }, (_none, index) => aRemediation({ node: `crash-${index}` }));
    expect(next(many(50), crashes).claimed).toHaveLength(MAX_OPEN_DRIFTS);
  });

  it('has no more nodes checked again than could be claimed then, and those keep their places', () => {
    const nodes = [...many(100, LONG_AGO), wrong('behind', 590, 'TakesNoDNSPods')];
    const { claimed, checkedAgain } = next(nodes);
    expect({ claimed, checkedAgain: checkedAgain.length }).toEqual({
      claimed: [],
      checkedAgain: MAX_OPEN_DRIFTS,
    });
  });
});

describe('whatever was found, and whatever became of it before', () => {
  const state = fc.record({
    found: fc.constantFrom(LONG_AGO, 300, 590),
    place: fc.constantFrom(...DRIFT_PLACES),
    phase: fc.option(fc.constantFrom<Phase>('Pending', 'Proving', 'Healed', 'Refused', 'Cancelled')),
    acknowledged: fc.boolean(),
  });

  it('a node that could be claimed is claimed before any node behind it, and no node is left without a reason', () => {
    fc.assert(
      fc.property(fc.array(state, { maxLength: 60 }), (states) => {
        const nodes = states.map(({ found, place }, index) => wrong(`node-${index}`, found, place));
        const records = states.flatMap(({ phase, acknowledged }, index) =>
          phase ? [incident(`node-${index}`, phase, { acknowledged })] : [],
        );
        const open = records.filter(({ status }) => status.finishedAt === undefined).length;
        const { claimed, checkedAgain } = nextDrifts(() => nodes, records, NOW);
        const taken = new Set([...claimed, ...checkedAgain]);
        const isKept = ({ node }: WrongNode) =>
          records.some(
            ({ spec, status, acknowledged }) =>
              spec.node.uid === node.uid &&
              (status.finishedAt === undefined || (status.phase === 'Refused' && !acknowledged)),
          );
        const free = nodes.filter((one) => !isKept(one));
        const room = Math.max(0, MAX_OPEN_DRIFTS - open);
        const rank = ({ drift }: WrongNode) => DRIFT_PLACES.indexOf(drift.place);
        expect(taken.size).toBe(Math.min(room, free.length));
        const last = Math.max(-1, ...[...taken].map(rank));
        const passedOver = free.filter((one) => !taken.has(one) && rank(one) < last);
        expect(passedOver).toEqual([]);
      }),
    );
  });
});
