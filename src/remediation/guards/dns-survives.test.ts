import { describe, expect, it } from 'vitest';
import {
  aDnsPod,
  aLoopingPod,
  aRemediation,
  aSituation,
  at,
  isoAt,
  SICK_POD,
  withDrift,
  withLateLoop,
  withRollback,
} from '../../../test/support/objects/builders.ts';
import { pass } from '../verdict.ts';
import type { DnsPodView, Remediation } from '../world.ts';
import { dnsSurvives } from './dns-survives.ts';

const NOW = at(20);
const among = (dnsPods: readonly DnsPodView[], ...others: readonly Remediation[]) => {
  const remediation = aRemediation();
  const remediations = [remediation, ...others];
  return dnsSurvives(
    aSituation({ remediation, now: NOW, world: { dnsPods: [aLoopingPod(), ...dnsPods], remediations } }),
  );
};
const here = aDnsPod({ name: 'coredns-here', uid: 'here', node: 'node-1' });
const there = (overrides: Partial<DnsPodView> = {}) =>
  aDnsPod({ name: 'coredns-there', uid: 'there', node: 'node-2', ...overrides });
const repairOf2 = (phase: Remediation['status']['phase']) =>
  aRemediation({ node: 'node-2', status: { phase } });

describe('the repair of a node with a serving DNS pod', () => {
  it('may begin while another node serves', () => {
    expect(among([here, there()])).toEqual(pass);
  });

  it.each([
    ['no other DNS pod exists', []],
    ['the only other one has been Ready for less than ten seconds', [there({ runningSince: NOW - 9_999 })]],
    [
      'the only other one loops and is Ready for half a second',
      [there({ runningSince: NOW - 500, restartCount: 7 })],
    ],
    ['the only other one is not Ready', [there({ ready: false })]],
    ['the only other one is being deleted', [there({ deleting: true })]],
    ['the only other one is on the same node', [there({ node: 'node-1' })]],
  ])('waits while %s; the message names what would be lost', (_why, others) => {
    expect(among([here, ...others])).toMatchObject({
      kind: 'wait',
      reason: 'LastServingPod',
      message: expect.stringContaining('node node-1 would make coredns-here'),
    });
  });

  it('waits while all other serving pods are on nodes under repair; the message names node and remediation', () => {
    for (const phase of ['Quarantining', 'Repairing', 'Verifying'] as const)
      expect(among([here, there()], repairOf2(phase))).toMatchObject({
        kind: 'wait',
        reason: 'LastServingPod',
        message: expect.stringContaining('node-2 (node-2-incident)'),
      });
  });

  it('waits in the words of what a person asked for, where that is a rollback', () => {
    const remediation = withRollback(aRemediation());
    const waiting = (dnsPods: readonly DnsPodView[], ...others: readonly Remediation[]) =>
      dnsSurvives(
        aSituation({ remediation, now: NOW, world: { dnsPods, remediations: [remediation, ...others] } }),
      );
    for (const verdict of [waiting([here]), waiting([here, there()], repairOf2('Repairing'))])
      expect(verdict).toMatchObject({
        reason: 'LastServingPod',
        message: expect.stringContaining('The rollback begins once one'),
      });
  });

  it('may begin while the other node only waits for its turn, and after its repair is over', () => {
    for (const phase of ['Pending', 'Healed', 'Failed'] as const)
      expect(among([here, there()], repairOf2(phase))).toEqual(pass);
  });

  it('waits while the other node is held after a repair that could not be verified, also in the moment before it is held again', () => {
    const unverified = { phase: 'Failed', reason: 'VerificationFailed', finishedAt: isoAt(10) } as const;
    const quarantine = { strategy: 'Taint', nodeWasUnschedulable: false, heldSince: isoAt(12) } as const;
    const held = { ...unverified, quarantine };
    for (const status of [held, { ...unverified, hold: 'Restore' } as const])
      expect(among([here, there()], aRemediation({ node: 'node-2', status }))).toMatchObject({
        kind: 'wait',
        reason: 'LastServingPod',
        message: expect.stringContaining('under repair, or held after it: node-2 (node-2-incident)'),
      });
  });

  it('waits for the sake of a pod that is Ready in its first run, although nothing would rely on that yet', () => {
    const young = aDnsPod({ node: 'node-1', runningSince: NOW - 500 });
    expect(among([young])).toMatchObject({ kind: 'wait', reason: 'LastServingPod' });
  });
});

describe('the repair of a node whose DNS pods all loop', () => {
  it('may begin when no DNS pod serves anywhere', () => {
    expect(among([there({ ready: false, runningSince: null })])).toEqual(pass);
  });

  it('may begin while the node that serves is under repair: nothing is lost here', () => {
    expect(among([there()], repairOf2('Repairing'))).toEqual(pass);
  });

  it('is not kept waiting by one that is Ready for half a second between two crashes', () => {
    expect(among([aDnsPod({ node: 'node-1', runningSince: NOW - 500, restartCount: 3 })])).toEqual(pass);
  });
});

describe('a pod that loops without crashing', () => {
  const sick = (answers: boolean | null) => aDnsPod({ ...SICK_POD, node: 'node-1', answers });
  const verdict = (...dnsPods: readonly DnsPodView[]) =>
    dnsSurvives(aSituation({ remediation: withLateLoop(aRemediation()), now: NOW, world: { dnsPods } })).kind;

  it('is not worth waiting for, even if it was not asked again since the operator was restarted', () => {
    expect([false, null].map((answers) => verdict(sick(answers)))).toEqual(['pass', 'pass']);
  });

  it('protects another one on its node that serves', () => {
    expect(verdict(sick(false), here)).toBe('wait');
  });

  it('is not relied on for the sake of another node', () => {
    expect(among([here, there({ answers: false })])).toMatchObject({ reason: 'LastServingPod' });
    expect(among([here, there({ answers: null })])).toEqual(pass);
  });
});

describe('the repair of a node that was found wrong before a pod failed', () => {
  const verdict = (...dnsPods: readonly DnsPodView[]) =>
    dnsSurvives(aSituation({ remediation: withDrift(aRemediation()), now: NOW, world: { dnsPods } }));

  it('waits for the sake of every DNS pod that serves there; the message says what fails otherwise, and what helps', () => {
    const second = aDnsPod({ name: 'coredns-second', uid: 'second', node: 'node-1' });
    expect(verdict(here, second, there({ ready: false }))).toMatchObject({
      reason: 'LastServingPod',
      message: expect.stringMatching(
        /^Restarting the kubelet of node node-1 would make coredns-here, coredns-second unready, .* Until then DNS works, and fails when the node is restarted: run a second DNS pod on another node\.$/,
      ),
    });
  });

  it('may begin while another node serves, or if no DNS pod of the node does', () => {
    expect(verdict(here, there())).toBe(pass);
    expect(verdict(there())).toBe(pass);
    expect(verdict()).toBe(pass);
  });
});

it('a node-local cache that serves does not stand for a DNS pod of the cluster, and is not lost either', () => {
  const cache = { workload: 'DaemonSet/node-local-dns', isNodeLocal: true };
  const serving = aDnsPod({ uid: 'here', node: 'node-1' });
  const caches = [
    aDnsPod({ ...cache, uid: 'c1', node: 'node-1' }),
    aDnsPod({ ...cache, uid: 'c2', node: 'node-2' }),
  ];
  expect(dnsSurvives(aSituation({ world: { dnsPods: [serving, ...caches] } }))).toMatchObject({
    kind: 'wait',
    reason: 'LastServingPod',
  });
  expect(dnsSurvives(aSituation({ world: { dnsPods: caches } }))).toEqual(pass);
});
