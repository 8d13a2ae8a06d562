import { describe, expect, it } from 'vitest';
import {
  aProofReport,
  aRemediation,
  aRepairReport,
  aStatus,
  isoAt,
} from '../../test/support/objects/builders.ts';
import type { RemediationStatus } from '../api/remediation.ts';
import { eventsBetween } from './events.ts';

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
  it('tell its story in order, each thing once', () => {
    const told = STORY.slice(1).flatMap((after, index) => reasons(STORY[index] ?? {}, after));
    expect(told).toEqual([
      'Normal Quarantined',
      'Normal RepairStarted',
      'Normal KubeletRepaired',
      'Normal NodeProven',
      'Normal Released',
      'Normal Recreated',
      'Normal Healed',
    ]);
  });

  it('say nothing where nothing changed', () => {
    for (const state of STORY) expect(between(state, state)).toEqual([]);
  });

  it('name the incident in every note, and are about those whom it concerns', () => {
    const all = STORY.slice(1).flatMap((after, index) => between(STORY[index] ?? {}, after));
    for (const event of all) {
      expect(event.note).toMatch(/^node-1-incident: ./);
      expect(event.action).not.toBe('');
    }
    expect(all.find(({ reason }) => reason === 'Recreated')?.about).toEqual(['pod']);
    expect(all.find(({ reason }) => reason === 'Healed')?.about).toEqual(['policy', 'node']);
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
      { type: 'Warning', reason: 'Refused', note: 'node-1-incident: no such file Advice: Install it.' },
    ]);
  });

  it('warn of a proof that failed', () => {
    const proof = aProofReport({ outcome: 'failed', reason: 'NoAnswer' });
    expect(reasons({}, { proof })).toEqual(['Warning NoAnswer']);
  });

  it('tell a quarantine that is put back from the first one', () => {
    const [again] = between({ hold: 'Restore', quarantine: found }, { hold: 'Held', quarantine: held });
    expect(again?.note).toContain('in quarantine again');
  });

  it('say why it waits, once for each reason', () => {
    const waiting = (reason: string) => ({ phase: 'Pending', reason, message: 'because' }) as const;
    expect(reasons({}, waiting('NodeNotReady'))).toEqual(['Normal NodeNotReady']);
    expect(reasons(waiting('NodeNotReady'), waiting('NodeNotReady'))).toEqual([]);
    expect(reasons(waiting('NodeNotReady'), waiting('LastServingPod'))).toEqual(['Normal LastServingPod']);
  });

  it('do not call a cancelled incident a fault', () => {
    expect(reasons({}, { phase: 'Cancelled', finishedAt: isoAt(9) })).toEqual(['Normal Cancelled']);
  });
});
