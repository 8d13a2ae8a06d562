import { describe, expect, it } from 'vitest';
import { aRemediation, at, isoAt, withDrift, withSighting } from '../../test/support/objects/builders.ts';
import type { Phase } from '../api/remediation.ts';
import { concernedBy as concernedByChange, concernedByPod } from './wake.ts';
import type { Remediation } from './world.ts';

const quarantine = { strategy: 'Taint', nodeWasUnschedulable: false, heldSince: isoAt(2) } as const;
const one = (node: number, phase: Phase, overrides: object = {}, status: object = {}): Remediation =>
  aRemediation({ node: `node-${node}`, createdAt: at(node), status: { phase, ...status }, ...overrides });
const waiting = (node: number, reason = 'OtherNodeUnderRepair') => one(node, 'Pending', {}, { reason });
const concernedBy = (
  before: Remediation | null,
  after: Remediation | null,
  all: readonly Remediation[],
  slots: Readonly<Record<string, number>> = { 'policy-1': 1 },
) => concernedByChange(before, after, all, () => slots);
/** Nodes 2 to 300 wait for the one under repair, which is node 1. */
const line = Array.from({ length: 299 }, (_, index) => waiting(index + 2));
const busy = one(1, 'Repairing', {}, { quarantine });
const nodes = (all: readonly Remediation[]) => all.map(({ spec }) => spec.node.name);

describe('of 300 incidents on as many nodes, a change of the one under repair', () => {
  it.each<[string, Remediation]>([
    ['another step', one(1, 'Proving', {}, { quarantine })],
    [
      'a failure that keeps its node in quarantine and is acknowledged',
      { ...one(1, 'Failed', {}, { quarantine }), acknowledged: true },
    ],
  ])('concerns no other: %s', (_what, after) => {
    expect(concernedBy(busy, after, [after, ...line])).toEqual([]);
  });

  it.each<[string, Remediation | null]>([
    ['it heals', one(1, 'Healed', {}, { finishedAt: isoAt(9) })],
    ['it is tried again later', one(1, 'Pending', {}, { reason: 'AwaitingRetry', nextAttempt: isoAt(60) })],
    ['it is deleted', null],
  ])('concerns only the next in line when %s', (_what, after) => {
    expect(nodes(concernedBy(busy, after, [...(after ? [after] : []), ...line]))).toEqual(['node-2']);
  });

  it('concerns as many as its policy may repair at the same time', () => {
    const all = [2, 3, 4, 5].map((node) => waiting(node));
    const other = one(9, 'Repairing');
    const healed = one(1, 'Healed', {}, { finishedAt: isoAt(9) });
    const concerned = concernedBy(busy, healed, [healed, other, ...all], { 'policy-1': 3 });
    expect(nodes(concerned)).toEqual(['node-2', 'node-3']);
  });
});

it('one whose own policy allows fewer nodes at the same time does not keep the next from being woken', () => {
  const third = waiting(3);
  const all = [waiting(2), { ...third, spec: { ...third.spec, policy: { name: 'other', uid: 'policy-2' } } }];
  const healed = one(1, 'Healed', {}, { finishedAt: isoAt(9) });
  const slots = { 'policy-1': 1, 'policy-2': 2 };
  expect(nodes(concernedBy(busy, healed, [healed, one(9, 'Repairing'), ...all], slots))).toEqual(['node-3']);
});

describe('a change of one that waits', () => {
  it('concerns the next when it leaves the line without taking a slot', () => {
    const [first] = line;
    const notReady = waiting(2, 'NodeNotReady');
    expect(nodes(concernedBy(first ?? null, notReady, [notReady, ...line.slice(1)]))).toEqual(['node-3']);
  });

  it.each<[string, Remediation | null, Remediation]>([
    ['it joins the line', null, waiting(2)],
    ['its record says why it waits', one(2, 'Pending'), waiting(2)],
    ['it is admitted', waiting(2), one(2, 'Quarantining')],
  ])('concerns no other when %s', (_what, before, after) => {
    expect(concernedBy(before, after, [after, ...line.slice(1)])).toEqual([]);
  });
});

it('an acknowledgement concerns all that were halted, and a failure none', () => {
  const failed = one(1, 'RolledBack');
  const halted = [waiting(2, 'BreakerOpen'), waiting(3, 'BreakerOpen')];
  expect(concernedBy(one(1, 'RolledBack'), failed, [failed, ...halted])).toEqual([]);
  const acknowledged = { ...failed, acknowledged: true };
  expect(nodes(concernedBy(failed, acknowledged, [acknowledged, ...halted]))).toEqual(['node-2', 'node-3']);
});

it('an acknowledgement of the first repair of a rollout concerns those that wait until it was watched', () => {
  const canary = one(1, 'Healed', {}, { finishedAt: isoAt(9) });
  const held = [waiting(2, 'CanaryWatched'), waiting(3, 'BreakerOpen')];
  const acknowledged = { ...canary, acknowledged: true };
  expect(nodes(concernedBy(canary, acknowledged, [acknowledged, ...held]))).toEqual(['node-2', 'node-3']);
});

it('the deletion of the record of a repair concerns all that wait because of a limit', () => {
  const repaired = one(1, 'Healed', {}, { steps: [{ name: 'Quarantine', startedAt: isoAt(2) }] });
  const held = [waiting(2, 'RepairsPerHour'), waiting(3, 'RepairsPerNode'), waiting(4, 'NodeNotReady')];
  expect(nodes(concernedBy(repaired, null, held))).toEqual(['node-2', 'node-3']);
});

describe('a change of a DNS pod', () => {
  const looping = { uid: 'pod-of-node-7', node: 'node-7', createdAt: at(-100) };
  const ofNode7 = (reason: string) => {
    return withSighting(waiting(7, reason), { pod: { name: 'coredns-7', uid: looping.uid } });
  };
  const others = line.filter(({ spec }) => spec.node.name !== 'node-7');

  it('concerns the incident of that pod, not the 299 others', () => {
    const all = [busy, ofNode7('OtherNodeUnderRepair'), ...others];
    expect(nodes(concernedByPod(looping, all))).toEqual(['node-7']);
  });

  it('concerns the one under repair if the pod is on its node, or may be the replacement elsewhere', () => {
    expect(nodes(concernedByPod({ ...looping, node: 'node-1' }, [busy, ...others]))).toEqual(['node-1']);
    expect(nodes(concernedByPod({ ...looping, createdAt: at(5) }, [busy, ...others]))).toEqual(['node-1']);
  });

  it('concerns a node that was found wrong and waits, until it is recorded that the pod fails', () => {
    const drift = withDrift(waiting(7));
    const failingPod = { name: 'coredns-7', uid: looping.uid, since: isoAt(3) };
    const recorded = { ...drift, status: { ...drift.status, failingPod } };
    expect(nodes(concernedByPod(looping, [busy, drift, ...others]))).toEqual(['node-7']);
    expect(concernedByPod(looping, [busy, recorded, ...others])).toEqual([]);
  });

  it('concerns one that waits because the last serving pod is on its node', () => {
    const last = waiting(2, 'LastServingPod');
    expect(nodes(concernedByPod(looping, [last, ...others.slice(1)]))).toEqual(['node-2']);
  });
});
