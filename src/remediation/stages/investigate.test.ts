import { describe, expect, it } from 'vitest';
import { anInspectReport } from '../../../test/support/objects/agent-jobs.ts';
import {
  aDnsPod,
  aNode,
  aPolicySpec,
  aRemediation,
  aRepairReport,
  aRun,
  aSituation,
  at,
  isoAt,
  withDrift,
} from '../../../test/support/objects/builders.ts';
import type { RemediationStatus } from '../../api/remediation.ts';
import { plan } from '../plan.ts';
import { afterEffect, afterEnd, afterFinding } from '../record/status.ts';
import type { Verdict } from '../verdict.ts';
import type { AgentRun, Remediation, Situation } from '../world.ts';

const began = [{ name: 'Inspect' as const, startedAt: isoAt(1) }];

/** A drift of a node that was repaired as often as the policy allows; the inspection began in second 1. */
function situation(
  inspection: AgentRun | null,
  status: Partial<RemediationStatus> = {},
  more: Omit<Partial<Situation>, 'world'> = {},
): Situation {
  const remediation = withDrift(
    aRemediation({ status: { steps: began, ...status }, settings: { drift: { maxRepairs: 2 } } }),
  );
  const earlier = ['first', 'second'].map(
    (name): Remediation =>
      aRemediation({
        name,
        uid: name,
        status: { phase: 'Healed', finishedAt: isoAt(-60), repair: aRepairReport() },
      }),
  );
  return aSituation({
    remediation,
    now: at(3),
    ...more,
    world: { inspection, dnsPods: [aDnsPod()], remediations: [...earlier, remediation] },
  });
}

const report = anInspectReport();
const changedAt = isoAt(-20);
const ended = (message: string, more: Partial<AgentRun> = {}) => aRun({ state: 'ended', message, ...more });
const refusal = (verdict: Verdict) => {
  expect(verdict).toMatchObject({ kind: 'end', ending: { phase: 'Refused', reason: 'RepairedTooOften' } });
  return Object(verdict).ending as { readonly message: string; readonly advice: string };
};

/** The record after this verdict. */
const after = ({ remediation, now }: Situation, verdict: Verdict): RemediationStatus => {
  if (verdict.kind === 'record') return afterFinding(remediation.status, verdict.finding, now);
  if (verdict.kind === 'end') return afterEnd(remediation.status, verdict.ending, remediation.spec, now);
  if (verdict.kind === 'act' && verdict.effect.kind === 'start-inspection')
    return afterEffect(remediation.status, { kind: 'done', effect: verdict.effect }, now);
  throw new Error(`unexpected ${verdict.kind}`);
};

describe('before a node is left to an administrator, its inspection', () => {
  it('is started, and once more if its start was not recorded or its Job was deleted', () => {
    const start = { kind: 'act', effect: { kind: 'start-inspection' } };
    expect(plan(situation(null, { steps: [] }))).toEqual(start);
    expect(plan(situation(aRun(), { steps: [] }))).toEqual(start);
    expect(plan(situation(null))).toEqual(start);
  });

  it('is waited for, while the incident stays Pending and takes no slot', () => {
    expect(plan(situation(aRun({ state: 'starting', blockedBy: 'image missing' })))).toMatchObject({
      kind: 'wait',
      reason: 'Inspecting',
      message: 'The inspection on node-1 has not started yet: image missing.',
    });
    const started = situation(null, { steps: [] });
    expect(after(started, plan(started))).toMatchObject({ phase: 'Pending', steps: [{ name: 'Inspect' }] });
  });

  it('is recorded with what may have written the file', () => {
    const now = situation(ended(JSON.stringify(report)));
    const status = after(now, plan(now));
    expect(status).toMatchObject({
      inspection: { rewritten: { mtime: changedAt, ctime: changedAt, owner: '0:0', mode: '0600' } },
      rewrittenBy: [
        { explanation: 'Person', confidence: 'high' },
        { explanation: 'KubesprayRun', confidence: 'low' },
      ],
      steps: [{ name: 'Inspect', finishedAt: isoAt(3), message: report.message }],
    });
    const { message, advice } = refusal(plan(situation(ended(JSON.stringify(report)), status)));
    expect(message).toContain('It was probably Person (confidence high)');
    expect(message).toContain(`was changed at ${changedAt} (owner 0:0, mode 0600).`);
    expect(advice).toContain('kubectl describe dnsrem node-1-incident');
  });

  it.each([
    ['its Job was deleted', null, 92, 'Its Job no longer exists.'],
    ['it never starts', aRun({ state: 'starting', blockedBy: 'image missing' }), 92, 'image missing'],
    ['it does not end', aRun(), 92, 'it is still running'],
    ['it leaves no report', ended(''), 3, 'It left no termination message.'],
    ['it was evicted', ended('', { blockedBy: 'the pod was evicted' }), 3, 'the pod was evicted'],
    ['its report is forged', ended(JSON.stringify({ ...report, nonce: 'x' })), 3, 'another remediation'],
  ])('does not keep the incident open if it fails: %s', (_what, job, second, why) => {
    const now = situation(job, {}, { now: at(second) });
    const status = after(now, plan(now));
    expect(status.inspection).toBeUndefined();
    const { message, advice } = refusal(plan(situation(job, status)));
    expect(message).toContain('The node was not inspected again: ');
    expect(message).toContain(why);
    expect(advice).toContain('Find out what writes the file');
  });

  it('has its time also after the operator was away', () => {
    const late = { now: at(600), observedSince: at(590) };
    expect(plan(situation(aRun(), {}, late))).toMatchObject({ kind: 'wait' });
  });

  it('does not take place where the policy only observes, and not on an excluded node', () => {
    const observing = situation(null, { steps: [] }, { policy: aPolicySpec({ mode: 'Observe' }) });
    expect(plan(observing)).toMatchObject({ kind: 'end', ending: { phase: 'Cancelled' } });
    const { world, ...rest } = situation(null, { steps: [] });
    const excluded = { ...rest, world: { ...world, node: { ...aNode(), excluded: true } } };
    expect(plan(excluded)).toMatchObject({ kind: 'end', ending: { phase: 'Cancelled' } });
  });

  it('does not take place before a repair that the policy allows', () => {
    const { world, ...rest } = situation(null, { steps: [] });
    const first = { ...rest, world: { ...world, remediations: [rest.remediation] } };
    expect(plan(first)).toMatchObject({ kind: 'record', finding: { kind: 'admitted' } });
  });
});
