/** The way of an incident that is about a file alone: no quarantine, no restart, and nothing that ends holds the node. */
import { describe, expect, it } from 'vitest';
import {
  aDnsPod,
  aNode,
  aPendingFile,
  aRemediation,
  aRepairReport,
  aRun,
  aSituation,
  at,
  isoAt,
  onControlPlane,
  withDrift,
} from '../../test/support/objects/builders.ts';
import type { RepairReport } from '../api/agent-protocol.ts';
import type { NodeCheckRecord } from '../api/node-check-record.ts';
import type { RemediationStatus } from '../api/remediation.ts';
import { plan } from './plan.ts';
import type { World } from './world.ts';

const given = { path: '/etc/resolv.conf', class: 'ok', nameservers: ['192.0.2.1'] } as const;
const compared = (change: Partial<RepairReport['compared']> = {}): RepairReport['compared'] => ({
  running: 'right',
  inFile: 'right',
  given: { ...given, nameservers: [...given.nameservers] },
  changed: ['/etc/kubernetes/kubelet-config.yaml'],
  ...change,
});
const corrected = aRepairReport({
  outcome: 'corrected',
  reason: 'FileCorrected',
  message: 'The value was changed. The kubelet was not restarted.',
  kubelet: { pidBefore: 10, pidAfter: 10, restarts: 0, active: true },
  compared: compared(),
});
const repairing = { phase: 'Repairing', steps: [{ name: 'Repair', startedAt: isoAt(2) }] } as const;

function next(status: Partial<RemediationStatus>, world: Partial<World> = {}, second = 3) {
  const remediation = withDrift(aRemediation({ status }), aPendingFile());
  return plan(aSituation({ remediation, world, now: at(second), observedSince: at(0) }));
}
const ending = (report: RepairReport) => next({ ...repairing, repair: report, steps: [...repairing.steps] });

describe('a file that is wrong under a kubelet that is right', () => {
  it('is admitted, then corrected by a Job, without a quarantine', () => {
    expect(next({})).toEqual({ kind: 'record', finding: { kind: 'admitted' } });
    expect(next({ phase: 'Quarantining' })).toEqual({ kind: 'act', effect: { kind: 'start-repair' } });
  });

  it('needs no other DNS pod, because nothing is restarted', () => {
    const dnsPods = [aDnsPod({ node: 'node-1' })];
    expect(next({}, { dnsPods })).toEqual({ kind: 'record', finding: { kind: 'admitted' } });
  });

  it('is not asked for a reason to wait once its Job exists', () => {
    const world = { node: aNode({ ready: false }), repairJob: aRun({ state: 'running' }) };
    expect(next({ phase: 'Quarantining' }, world)).toMatchObject({ effect: { kind: 'start-repair' } });
    const begun = { ...repairing, steps: [...repairing.steps] };
    expect(next(begun, world)).toMatchObject({ kind: 'wait', reason: 'AgentRunning' });
  });

  it('is healed when the agent has read the file again, without a proof and a verification', () => {
    expect(ending(corrected)).toMatchObject({
      kind: 'end',
      ending: { phase: 'Healed', reason: 'FileCorrected', message: corrected.message, hold: false },
    });
  });

  it('says so where the kubelet was started in the meantime', () => {
    const { message, ...verdict } = Object(
      ending({ ...corrected, compared: compared({ running: 'unclear' }) }),
    ).ending;
    expect(verdict).toMatchObject({ phase: 'Healed' });
    expect(message).toContain('was started by something else in the meantime');
  });

  it.each<[string, RepairReport, object]>([
    [
      'the file is wrong again at once',
      { ...corrected, compared: compared({ inFile: 'wrong' }) },
      { phase: 'Failed', reason: 'WrittenBack' },
    ],
    [
      'the file cannot be compared any more',
      (({ compared: _compared, ...rest }) => rest)(corrected),
      { phase: 'Failed', reason: 'WrittenBack' },
    ],
    [
      'someone corrected it first',
      aRepairReport({ outcome: 'already-right', reason: 'AlreadyRight', nodeUnchanged: true }),
      { phase: 'Cancelled', reason: 'Recovered' },
    ],
    [
      'the kubelet was restarted with it, which is a drift of its own',
      aRepairReport({ outcome: 'refused', reason: 'NotPendingInFile', nodeUnchanged: true }),
      { phase: 'Cancelled', reason: 'NotPendingInFile' },
    ],
    [
      'the agent refused',
      aRepairReport({ outcome: 'refused', reason: 'UnsafePath', nodeUnchanged: true }),
      { phase: 'Refused', reason: 'UnsafePath' },
    ],
    [
      'the agent failed half-way',
      aRepairReport({ outcome: 'failed', reason: 'UndoFailed', nodeUnchanged: false }),
      { phase: 'Failed', reason: 'UndoFailed' },
    ],
  ])('ends without a hold where %s', (_what, report, expected) => {
    expect(ending(report)).toMatchObject({ kind: 'end', ending: { ...expected, hold: false } });
  });

  it('ends without a hold where the agent does not report', () => {
    const taken = [{ at: isoAt(3), because: 'Silent', why: 'x', uid: 'job' }] as const;
    const status = { ...repairing, steps: [...repairing.steps], repairTakenBack: [...taken] };
    expect(next(status, { repairJob: aRun({ state: 'ended', message: '' }) }, 4)).toMatchObject({
      kind: 'end',
      ending: { phase: 'Failed', reason: 'NoReport', hold: false },
    });
  });
});

describe('before it begins, it is cancelled', () => {
  const checks = (change: Partial<NodeCheckRecord>): NodeCheckRecord => ({
    version: 1,
    failures: 0,
    condition: { reason: 'Proven', message: 'x', since: isoAt(1), writtenAt: isoAt(1) },
    ...change,
  });
  const found = { class: 'ok', nameservers: ['192.0.2.1'], at: isoAt(60) } as const;

  it.each<[string, Partial<NodeCheckRecord>, string]>([
    [
      'where a later inspection found the file right',
      { files: { at: isoAt(60), nonce: 'n', verdict: 'both-right', message: 'x' } },
      'Recovered',
    ],
    [
      'where the kubelet was restarted with the file, as a later check shows',
      { found: { ...found, nameservers: [...found.nameservers], verdict: 'drifted', class: 'stub' } },
      'KubeletDrifted',
    ],
  ])('%s', (_what, change, reason) => {
    expect(next({}, { node: aNode({ checks: checks(change) }) }, 61)).toMatchObject({
      kind: 'end',
      ending: { phase: 'Cancelled', reason },
    });
  });

  it('but not where a later check found the running kubelet right, which it was all the time', () => {
    const proven = checks({ found: { ...found, nameservers: [...found.nameservers], verdict: 'proven' } });
    expect(next({}, { node: aNode({ checks: proven }) }, 61)).toMatchObject({ kind: 'record' });
  });
});

it('control-plane nodes need not wait for each other, because none is restarted', () => {
  const file = withDrift(aRemediation({ node: 'cp-1' }), aPendingFile());
  const busy = onControlPlane(
    withDrift(aRemediation({ node: 'cp-2', status: { phase: 'Repairing' } }), aPendingFile()),
  );
  const verdict = plan(
    aSituation({ remediation: onControlPlane(file), world: { remediations: [busy] }, now: at(3) }),
  );
  expect(verdict).not.toMatchObject({ reason: 'ControlPlaneUnderRepair' });
});
