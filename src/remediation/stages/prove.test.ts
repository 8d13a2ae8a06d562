import { describe, expect, it } from 'vitest';
import {
  aProofReport,
  aRemediation,
  aRun,
  aSituation,
  at,
  isoAt,
} from '../../../test/support/objects/builders.ts';
import { checkReportSchema } from '../../api/agent-protocol.ts';
import type { RemediationStatus } from '../../api/remediation.ts';
import type { AgentRun } from '../world.ts';
import { prove } from './prove.ts';

/** The Prove step began in second 1. */
function situation(proofPod: AgentRun | null, status: Partial<RemediationStatus> = {}, now = at(3)) {
  const steps: RemediationStatus['steps'] = [{ name: 'Prove', startedAt: isoAt(1) }];
  return aSituation({
    remediation: aRemediation({ status: { steps, ...status } }),
    now,
    world: { proofPod },
  });
}
const failed = (reason: string) => ({ kind: 'end', ending: { phase: 'Failed', reason, hold: true } });

describe('the proof pod', () => {
  it('is started, and once more if its start was not recorded', () => {
    const start = { kind: 'act', effect: { kind: 'start-proof' } };
    expect(prove(situation(null))).toEqual(start);
    expect(prove(situation(aRun(), { steps: [] }))).toEqual(start);
  });

  it('is waited for, with the reason that the kubelet gives', () => {
    expect(prove(situation(aRun({ state: 'starting', blockedBy: 'image missing' })))).toMatchObject({
      kind: 'wait',
      message: 'The proof pod on node-1 has not started yet: image missing.',
    });
  });

  it('has one minute', () => {
    expect(prove(situation(aRun(), {}, at(61)))).toMatchObject({ kind: 'wait' });
    const { message } = Object(prove(situation(aRun(), {}, at(62)))).ending;
    expect(message).toBe('The proof pod did not report in time: it is still running.');
    expect(prove(situation(null, {}, at(62)))).toMatchObject(failed('ProofTimedOut'));
  });

  it('is believed however late its report is read: the operator or the API server was away', () => {
    const message = JSON.stringify(aProofReport());
    const ended = aRun({ state: 'ended', message });
    for (const seconds of [64, 700])
      expect(prove(situation(ended, {}, at(seconds)))).toMatchObject({ kind: 'record' });
  });

  it('has its minute again after the operator was away: nobody saw whether it could start', () => {
    const back = { observedSince: at(640), now: at(690) };
    expect(prove({ ...situation(aRun({ state: 'starting' })), ...back })).toMatchObject({ kind: 'wait' });
    expect(prove({ ...situation(null), ...back })).toMatchObject({ effect: { kind: 'start-proof' } });
  });

  it('is not believed without a report of its own', () => {
    const forged = JSON.stringify(aProofReport({ nonce: 'of-another-remediation' }));
    for (const message of ['not JSON', forged])
      expect(prove(situation(aRun({ state: 'ended', message })))).toMatchObject(failed('ProofUnreadable'));
  });

  it('is started again if it was rejected or killed: it has shown nothing', () => {
    for (const run of [{ message: null, blockedBy: 'UnexpectedAdmissionError' }, { message: '' }]) {
      const pod = aRun({ state: 'ended', createdAt: at(2), ...run });
      expect(prove(situation(pod, {}, at(3)))).toMatchObject({ kind: 'wait', recheckMs: 1_000 });
      expect(prove(situation(pod, {}, at(4)))).toEqual({ kind: 'act', effect: { kind: 'remove-proof-pod' } });
      expect(prove(situation(pod, {}, at(62)))).toMatchObject(failed('ProofUnreadable'));
    }
    const rejected = aRun({ state: 'ended', message: null, blockedBy: 'UnexpectedAdmissionError' });
    expect(Object(prove(situation(rejected, {}, at(62)))).ending.message).toContain(
      'UnexpectedAdmissionError',
    );
  });

  it('is recorded before anything is based on its report', () => {
    const message = JSON.stringify(aProofReport());
    expect(prove(situation(aRun({ state: 'ended', message })))).toMatchObject({ kind: 'record' });
  });
});

describe('a recorded report', () => {
  it('passes if it is proven', () => {
    expect(prove(situation(null, { proof: aProofReport() }))).toEqual({ kind: 'pass' });
  });

  it('of the release before passes if it is proven, and ends the incident otherwise', () => {
    const old = { verb: 'prove', nonce: 'n', outcome: 'proven', reason: 'Proven', message: 'm', answers: [] };
    const read = (report: object) => prove(situation(null, { proof: checkReportSchema.parse(report) }));
    expect(read(old)).toEqual({ kind: 'pass' });
    expect(read({ ...old, outcome: 'failed', reason: 'ResolvConfUnusable' })).toMatchObject(
      failed('ResolvConfUnusable'),
    );
  });

  it.each(['looping', 'may-loop', 'unusable', 'no-answer', 'failed'] as const)(
    'that says %s does not pass',
    (outcome) => {
      expect(prove(situation(null, { proof: aProofReport({ outcome, reason: 'Why' }) }))).toMatchObject(
        failed('Why'),
      );
    },
  );

  it('passes if no nameserver answers, and DNS did not reach its upstream before the change either', () => {
    const proof = aProofReport({ outcome: 'failed', reason: 'NoServerAnswers' });
    const silent = {
      protocol: 'udp',
      name: 'x',
      scope: 'External',
      result: 'SERVFAIL',
      ok: false,
      ms: 1,
    } as const;
    const before = { pod: 'coredns-well', node: 'node-2', askedAt: isoAt(0), answers: [silent] };
    expect(prove(situation(null, { proof, before }))).toEqual({ kind: 'pass' });
    expect(prove(situation(null, { proof }))).toMatchObject(failed('NoServerAnswers'));
    const unusable = aProofReport({ outcome: 'failed', reason: 'ResolvConfUnusable' });
    expect(prove(situation(null, { proof: unusable, before }))).toMatchObject(failed('ResolvConfUnusable'));
  });

  it('otherwise ends the incident with its reason, and the node is held', () => {
    const proof = aProofReport({ outcome: 'failed', reason: 'NoAnswer' });
    expect(prove(situation(null, { proof }))).toMatchObject(failed('NoAnswer'));
  });
});
