import { describe, expect, it } from 'vitest';
import {
  aRemediation,
  aRepairReport,
  aRun,
  aSituation,
  at,
  isoAt,
  withDrift,
} from '../../../test/support/objects/builders.ts';
import type { KubeletDirectory, RepairReport } from '../../api/agent-protocol.ts';
import type { RemediationStatus, TakenBackBecause } from '../../api/remediation.ts';
import { afterFinding } from '../record/status.ts';
import type { AgentRun } from '../world.ts';
import { repair } from './repair.ts';

interface Case {
  readonly job?: Partial<AgentRun> | null;
  readonly status?: Partial<RemediationStatus>;
  readonly now?: number;
}

/** The Repair step began in second 1; by default its Job has just ended with a report. */
function situation({ job = {}, status = {}, now = at(3) }: Case = {}) {
  const remediation = aRemediation({
    status: { steps: [{ name: 'Repair', startedAt: isoAt(1) }], ...status },
  });
  const repairJob = job && aRun({ state: 'ended', message: report(), ...job });
  return aSituation({ remediation, now, world: { remediations: [remediation], repairJob } });
}
const report = (overrides: Partial<RepairReport> = {}) => JSON.stringify(aRepairReport(overrides));
const asking = (needs: KubeletDirectory) =>
  report({
    outcome: 'refused',
    reason: 'DirectoryNotMounted',
    message: 'elsewhere',
    nodeUnchanged: true,
    needs,
  });
const entry = (because: TakenBackBecause, uid = 'run-0') => ({ at: isoAt(2), because, why: 'why', uid });
const started = { kind: 'act', effect: { kind: 'start-repair' } };
const failed = (reason: string, hold: boolean) => ({
  kind: 'end',
  ending: { phase: 'Failed', reason, hold },
});
const takenBack = (because: TakenBackBecause, more: object = {}) => ({
  kind: 'act',
  effect: { kind: 'take-back-repair', because, uid: 'run-1', ...more },
});

describe('without a Job', () => {
  it('one is started, also again after one that was silent or asked for a directory', () => {
    expect(repair(situation({ job: null }))).toMatchObject(started);
    for (const because of ['Silent', 'Elsewhere'] as const)
      expect(repair(situation({ job: null, status: { repairTakenBack: [entry(because)] } }))).toMatchObject(
        started,
      );
  });

  it('the incident ends if the Job was taken back because it never started: nothing was written', () => {
    const status = { repairTakenBack: [entry('NeverStarted')] };
    expect(repair(situation({ job: null, status }))).toMatchObject(failed('JobDidNotStart', false));
  });

  it('the node is held if there was a silent run before that: it may have written', () => {
    const status = { repairTakenBack: [entry('Silent'), entry('NeverStarted')] };
    expect(repair(situation({ job: null, status }))).toMatchObject(failed('NoReport', true));
  });

  it('the incident ends when the report is overdue', () => {
    expect(repair(situation({ job: null, now: at(350) }))).toMatchObject(failed('NoReport', true));
  });
});

describe('a Job that starts or runs', () => {
  it.each<[Partial<AgentRun>, string]>([
    [{ state: 'starting' }, 'The repair Job on node-1 was created.'],
    [
      { state: 'starting', blockedBy: 'image missing' },
      'The repair Job on node-1 has not started yet: image missing.',
    ],
    [{ state: 'running' }, 'The agent is working on node-1.'],
  ])('is waited for: %j', (job, message) => {
    expect(repair(situation({ job }))).toMatchObject({ kind: 'wait', message });
  });

  it('is taken back when its start is overdue, and the incident ends if it does not go away', () => {
    const job = { state: 'starting', blockedBy: 'image missing' } as const;
    expect(repair(situation({ job, now: at(62) }))).toMatchObject(
      takenBack('NeverStarted', { why: 'image missing' }),
    );
    const status = { repairTakenBack: [entry('NeverStarted', 'run-1')] };
    expect(repair(situation({ job, status, now: at(63) }))).toMatchObject({ kind: 'wait' });
    expect(repair(situation({ job, status, now: at(77) }))).toMatchObject(failed('JobDidNotStart', false));
  });

  it('gets the full time again after a silent run', () => {
    const status = { repairTakenBack: [{ ...entry('Silent'), at: isoAt(100) }] };
    expect(repair(situation({ job: { state: 'starting' }, status, now: at(150) }))).toMatchObject({
      kind: 'wait',
    });
  });

  it('ends the incident when its report is overdue', () => {
    expect(repair(situation({ job: { state: 'running' }, now: at(342) }))).toMatchObject(
      failed('NoReport', true),
    );
  });
});

describe('a Job that ended without a report', () => {
  it('is left alone while its guard runs, which may be undoing what the agent left, but not for ever', () => {
    const job = { message: '', guard: { state: 'running', message: null } } as const;
    expect(repair(situation({ job }))).toMatchObject({ kind: 'wait', reason: 'GuardSettling' });
    expect(repair(situation({ job, now: at(350) }))).toMatchObject(takenBack('Silent'));
    const ended = { message: '', guard: { state: 'ended', message: '{}' } } as const;
    expect(repair(situation({ job: ended }))).toMatchObject(takenBack('Silent'));
  });

  it('is taken back, once', () => {
    const job = { message: '' };
    expect(repair(situation({ job }))).toMatchObject(takenBack('Silent'));
    const status = { repairTakenBack: [entry('Silent')] };
    expect(repair(situation({ job, status }))).toMatchObject(failed('NoReport', true));
  });

  it.each([
    ['Silent', { state: 'starting' }],
    ['Silent', { state: 'running' }],
    ['Silent', { message: '' }],
    ['Silent', { message: 'not JSON' }],
    ['Elsewhere', { state: 'running' }],
    ['Elsewhere', { message: '' }],
    ['NeverStarted', { state: 'starting' }],
    ['NeverStarted', { message: '' }],
  ] as const)(
    'is the old one after %s while the cache does not show its deletion: %j is waited for',
    (because, job) => {
      const status = { repairTakenBack: [entry(because, 'run-1')] };
      expect(repair(situation({ job, status }))).toMatchObject({ kind: 'wait' });
    },
  );

  it('ends the incident if its program never ran', () => {
    const job = { message: null, blockedBy: 'StartError: no node' };
    expect(repair(situation({ job }))).toMatchObject(failed('JobDidNotStart', false));
  });
});

describe('an agent that cannot write where the value is', () => {
  const job = { message: asking('/etc/default') };

  it('is taken back, to be started with just that directory', () => {
    const expected = takenBack('Elsewhere', { why: 'elsewhere', directory: '/etc/default' });
    expect(repair(situation({ job }))).toEqual(expected);
  });

  it('is waited for until it is gone, and its report is not mistaken for that of the next one', () => {
    const status: Partial<RemediationStatus> = {
      repairDirectory: '/etc/default',
      repairTakenBack: [entry('Elsewhere', 'run-1')],
    };
    expect(repair(situation({ job, status }))).toMatchObject({ kind: 'wait' });
    expect(repair(situation({ job: { ...job, deleting: true } }))).toMatchObject({ kind: 'wait' });
  });

  it('is not given a third directory', () => {
    const third = { message: asking('/etc/sysconfig') };
    expect(repair(situation({ job: third, status: { repairDirectory: '/etc/default' } }))).toMatchObject({
      kind: 'record',
      finding: { report: { outcome: 'refused', needs: '/etc/sysconfig' } },
    });
  });
});

describe('a report', () => {
  it('is recorded with what may have brought the wrong value back since the node was repaired or found well', () => {
    const changed = isoAt(-60);
    const rewritten = {
      path: '/etc/kubernetes/kubelet-config.yaml',
      mtime: changed,
      ctime: changed,
      owner: '0:0',
      mode: '0600',
      neighbours: [],
      more: 0,
    };
    const explained = (provenAt: string) => {
      const drifted = withDrift(situation().remediation, { provenAt });
      const repairJob = aRun({ state: 'ended', message: report({ rewritten }) });
      const verdict = repair(aSituation({ remediation: drifted, now: at(3), world: { repairJob } }));
      if (verdict.kind !== 'record') throw new Error(`expected a record, not ${verdict.kind}`);
      return afterFinding(drifted.status, verdict.finding, at(3)).rewrittenBy.map((one) => one.explanation);
    };
    expect(explained(isoAt(-3600))).toEqual(['KubesprayRun', 'Person']);
    expect(explained(isoAt(-30))).toEqual([]);
  });

  it('is recorded before anything is based on it, also if the Job was taken back', () => {
    expect(repair(situation())).toMatchObject({ kind: 'record' });
    expect(repair(situation({ job: { deleting: true } }))).toMatchObject({ kind: 'record' });
  });

  it.each([
    [{ outcome: 'repaired' }, { kind: 'pass' }],
    [{ outcome: 'already-right' }, { kind: 'pass' }],
    [{ outcome: 'refused', reason: 'CurrentIsUsable' }, { kind: 'pass' }],
    [
      { outcome: 'refused', reason: 'TargetMissing' },
      { kind: 'end', ending: { phase: 'Refused', hold: false } },
    ],
    [{ outcome: 'rolled-back' }, { kind: 'end', ending: { phase: 'RolledBack', hold: false } }],
    [{ outcome: 'failed', nodeUnchanged: true }, failed('Repaired', false)],
    [{ outcome: 'failed', nodeUnchanged: false }, failed('Repaired', true)],
  ] as const)('%j decides what follows', (overrides, expected) => {
    expect(repair(situation({ job: null, status: { repair: aRepairReport(overrides) } }))).toMatchObject(
      expected,
    );
  });
});
