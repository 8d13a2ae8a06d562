import { describe, expect, it } from 'vitest';
import {
  aGuardReport,
  aProofReport,
  aRemediation,
  aRepairReport,
  aStatus,
  isoAt,
  withDrift,
} from '../../../test/support/objects/builders.ts';
import type { RemediationStatus } from '../../api/remediation.ts';
import type { Diagnosis } from '../../diagnosis/diagnose.ts';
import { eventsBetween, healthTurned, sightingEvent } from './events.ts';

const remediation = aRemediation();
const between = (before: Partial<RemediationStatus>, after: Partial<RemediationStatus>) =>
  eventsBetween(aStatus(before), aStatus(after), remediation);
const reasons = (before: Partial<RemediationStatus>, after: Partial<RemediationStatus>) =>
  between(before, after).map(({ reason, type }) => `${type} ${reason}`);

const found = { strategy: 'Cordon', nodeWasUnschedulable: false } as const;
const held = { ...found, heldSince: isoAt(2) };

/** The states of an incident that goes well, one after the other. */
const STORY: readonly Partial<RemediationStatus>[] = [
  {},
  { phase: 'Quarantining', quarantine: held },
  { phase: 'Repairing', quarantine: held, steps: [{ name: 'Repair', startedAt: isoAt(3) }] },
  { phase: 'Repairing', quarantine: held, repair: aRepairReport() },
  { phase: 'Proving', quarantine: held, repair: aRepairReport(), proof: aProofReport() },
  { phase: 'Releasing', quarantine: found, repair: aRepairReport(), proof: aProofReport() },
  {
    phase: 'Recreating',
    quarantine: found,
    repair: aRepairReport(),
    proof: aProofReport(),
    deletedPods: [{ name: 'coredns-sick', uid: 'pod-sick' }],
  },
  {
    phase: 'Healed',
    quarantine: found,
    repair: aRepairReport(),
    proof: aProofReport(),
    deletedPods: [{ name: 'coredns-sick', uid: 'pod-sick' }],
    finishedAt: isoAt(9),
    message: 'DNS answers.',
  },
];

describe('the events of an incident', () => {
  it('are in the order of its steps, each once', () => {
    const reported = STORY.slice(1).flatMap((after, index) => reasons(STORY[index] ?? {}, after));
    expect(reported).toEqual([
      'Normal Quarantined',
      'Normal RepairStarted',
      'Normal KubeletRepaired',
      'Normal NodeProven',
      'Normal Released',
      'Normal Recreated',
      'Normal Healed',
    ]);
  });

  it('are none if nothing changed', () => {
    for (const state of STORY) expect(between(state, state)).toEqual([]);
  });

  it('name the incident in every note, and are about the objects concerned', () => {
    const all = STORY.slice(1).flatMap((after, index) => between(STORY[index] ?? {}, after));
    for (const event of all) {
      expect(event.note).toMatch(/^node-1-incident: ./);
      expect(event.action).not.toBe('');
    }
    const subjectsOf = (wanted: string) =>
      all.find(({ reason }) => reason === wanted)?.about.map(({ kind }) => kind);
    expect(subjectsOf('Recreated')).toEqual(['remediation', 'pod']);
    for (const scheduling of ['Quarantined', 'Released'])
      expect(subjectsOf(scheduling)).toEqual(['remediation', 'node']);
    for (const step of ['RepairStarted', 'KubeletRepaired', 'NodeProven'])
      expect(subjectsOf(step)).toEqual(['remediation']);
    expect(subjectsOf('Healed')).toEqual(['remediation', 'policy', 'node']);
  });

  it('are about the policy and the node as well where a step went wrong', () => {
    const wrong: readonly Partial<RemediationStatus>[] = [
      { repair: aRepairReport({ outcome: 'failed', reason: 'x', message: 'no.' }) },
      { guard: aGuardReport({ outcome: 'failed', reason: 'x', message: 'no.' }) },
      { proof: aProofReport({ outcome: 'failed', reason: 'x', message: 'no.' }) },
    ];
    for (const after of wrong)
      expect(between({}, after).map(({ about }) => about.map(({ kind }) => kind))).toEqual([
        ['remediation', 'policy', 'node'],
      ]);
  });

  it('tell of everything that people did to the node, also where one look found several', () => {
    const one = (what: 'TaintRemoved' | 'Cordoned') => ({ at: isoAt(5), what, message: 'Someone did.' });
    const [first, second] = [one('TaintRemoved'), one('Cordoned')];
    expect(reasons({ interference: [first] }, { interference: [first, second] })).toEqual([
      'Warning InterferenceCordoned',
    ]);
    expect(reasons({}, { interference: [first, second] })).toHaveLength(2);
  });

  it('tell of a deleted pod on that pod, also where the incident began with none', () => {
    const deletedPods = ['coredns-a', 'coredns-b'].map((name) => ({ name, uid: `uid-of-${name}` }));
    const [event] = eventsBetween(aStatus(), aStatus({ deletedPods }), withDrift(remediation));
    expect(event?.about.slice(1)).toEqual(deletedPods.map((pod) => ({ kind: 'pod', ...pod })));
    expect(event?.note).toContain('Deleted coredns-a, coredns-b,');
  });

  it('are all about the incident itself, so that `kubectl describe dnsrem` shows them', () => {
    const all = STORY.slice(1).flatMap((after, index) => between(STORY[index] ?? {}, after));
    const itself = { kind: 'remediation', name: remediation.name, uid: remediation.uid };
    for (const { about } of all) expect(about).toContainEqual(itself);
  });

  it('warn of a refusal under its own reason, and of the end with its advice', () => {
    const repair = aRepairReport({ outcome: 'refused', reason: 'TargetMissing', message: 'no such file' });
    expect(reasons({ quarantine: held }, { quarantine: held, repair })).toEqual(['Warning TargetMissing']);
    const end = {
      phase: 'Refused',
      finishedAt: isoAt(9),
      message: 'no such file',
      advice: 'Install it.',
    } as const;
    expect(between({}, end)).toMatchObject([
      { type: 'Warning', reason: 'Refused', note: 'node-1-incident: no such file. Advice: Install it.' },
    ]);
  });

  it('show how the watch of the guard ended', () => {
    expect(reasons({}, { guard: aGuardReport() })).toEqual(['Normal KubeletKept']);
    const guard = aGuardReport({ outcome: 'rolled-back', reason: 'KubeletDidNotComeUp' });
    expect(reasons({}, { guard })).toEqual(['Warning KubeletDidNotComeUp']);
    expect(reasons({ guard }, { guard })).toEqual([]);
  });

  it('warn of a proof that failed', () => {
    const proof = aProofReport({ outcome: 'failed', reason: 'NoAnswer' });
    expect(reasons({}, { proof })).toEqual(['Warning NoAnswer']);
  });

  it('distinguish a repeated quarantine from the first one', () => {
    const [again] = between({ hold: 'Restore', quarantine: found }, { hold: 'Held', quarantine: held });
    expect(again?.note).toContain('in quarantine again');
  });

  it('say why it waits, once for each reason', () => {
    const waiting = (reason: string) => ({ phase: 'Pending', reason, message: 'because' }) as const;
    expect(reasons({}, waiting('NodeNotReady'))).toEqual(['Normal NodeNotReady']);
    expect(reasons(waiting('NodeNotReady'), waiting('NodeNotReady'))).toEqual([]);
    expect(reasons(waiting('NodeNotReady'), waiting('LastServingPod'))).toEqual(['Normal LastServingPod']);
  });

  it('report a cancelled incident as Normal', () => {
    expect(reasons({}, { phase: 'Cancelled', finishedAt: isoAt(9) })).toEqual(['Normal Cancelled']);
  });
});

describe('the event of a container death', () => {
  const observation = {
    pod: 'coredns-x',
    node: 'node-1',
    cause: 'x',
    message: 'exit code 1.',
    lastSeen: isoAt(0),
  };
  const subjects = { policy: { name: 'coredns', uid: 'policy-1' }, pod: { name: 'coredns-x', uid: 'pod-x' } };
  const crash = (cause: string): Diagnosis =>
    ({ kind: 'crash', cause, message: 'x', remedy: { kind: 'advice', advice: 'Do it.' } }) as Diagnosis;

  it('is about the node only if the node can be repaired', () => {
    const repairable = { ...crash('x'), kind: 'loop', remedy: { kind: 'repair' } } as unknown as Diagnosis;
    const kindsOf = (diagnosis: Diagnosis) =>
      sightingEvent(diagnosis, observation, subjects).about.map(({ kind }) => kind);
    expect(kindsOf(repairable)).toEqual(['policy', 'pod', 'node']);
    expect(kindsOf(crash('CorefileError'))).toEqual(['policy', 'pod']);
  });

  it('warns under the cause, with advice', () => {
    const event = sightingEvent(crash('CorefileError'), { ...observation, advice: 'Do it.' }, subjects);
    expect(event).toMatchObject({
      type: 'Warning',
      reason: 'CorefileError',
      note: 'coredns-x on node-1: exit code 1. Advice: Do it.',
    });
  });

  it('is one quiet line for a node that was restarted', () => {
    const nodeRestarted = { ...crash('NodeRestarted'), remedy: { kind: 'none' } } as Diagnosis;
    const event = sightingEvent(nodeRestarted, observation, subjects);
    expect(event).toMatchObject({ type: 'Normal', note: 'coredns-x on node-1: exit code 1.' });
  });
});

describe('what the prober finds', () => {
  const status = (reason: string) => {
    const condition = { type: 'Healthy', status: 'False' as const, reason, message: `${reason}.` };
    return { conditions: [{ ...condition, lastTransitionTime: isoAt(0) }] };
  };
  const policy = { name: 'coredns', uid: 'policy-1' };
  const told = (before: string, after: string) => healthTurned(policy, status(before), status(after));

  it('is an event of the policy when it turns, and not again while it lasts', () => {
    expect(told('AllPodsAnswer', 'LateLoop')).toEqual([
      {
        about: [{ kind: 'policy', ...policy }],
        type: 'Warning',
        reason: 'LateLoop',
        action: 'Ask',
        note: 'LateLoop.',
      },
    ]);
    expect(told('LateLoop', 'LateLoop')).toEqual([]);
    expect(told('NotAsked', 'AllPodsAnswer')).toMatchObject([{ type: 'Normal' }]);
  });

  it('is not an event while it is not known, or if a pod is only not ready', () => {
    const after = ['NotAsked', 'PodsNotReady', 'AllPodsReady'];
    expect(after.flatMap((reason) => told('LateLoop', reason))).toEqual([]);
  });
});
