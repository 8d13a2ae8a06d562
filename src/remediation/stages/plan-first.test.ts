/** No repair begins before its plan is recorded, and under Approve none before a person approved that very plan. */
import { describe, expect, it } from 'vitest';
import {
  aDnsPod,
  aNode,
  aPolicySpec,
  aRemediation,
  aRun,
  aSituation,
  at,
  isoAt,
  sha256,
  withDrift,
} from '../../../test/support/objects/builders.ts';
import { aPlan } from '../../../test/support/objects/plans.ts';
import type { InspectReport } from '../../api/agent-protocol.ts';
import type { RemediationStatus } from '../../api/remediation.ts';
import { plan as decide } from '../plan.ts';
import { afterEnd, afterFinding } from '../record/status.ts';
import type { Answers, Situation } from '../world.ts';
import { planFirst, planOnRequest } from './plan-first.ts';

const IMAGE = 'dnshealth-operator:0.1.0';
const PLAN = aPlan({ hash: 'a'.repeat(64), agentImage: IMAGE });
const FILE = '/etc/kubernetes/kubelet-config.yaml';
const TARGET = '/run/systemd/resolve/resolv.conf';
const inspected: RemediationStatus['steps'][number] = {
  name: 'Inspect',
  startedAt: isoAt(3),
  finishedAt: isoAt(4),
};
const approvedBy = (by: string, hash = PLAN.hash): Answers => ({ approved: { hash, by }, rejected: null });
const rejectedBy = (by: string, reason: string): Answers => ({ approved: null, rejected: { reason, by } });

interface Case extends Partial<Omit<Situation, 'world' | 'policy'>> {
  readonly mode?: 'Observe' | 'Plan' | 'Approve' | 'Repair';
  readonly status?: Partial<RemediationStatus>;
  readonly answers?: Answers;
  readonly world?: Partial<Situation['world']>;
}

function situation({ mode = 'Approve', status = {}, answers, world = {}, ...rest }: Case = {}): Situation {
  const remediation = aRemediation({ status, ...(answers && { answers }) });
  return aSituation({
    policy: aPolicySpec({ mode }),
    remediation,
    now: at(20),
    ...rest,
    world: { remediations: [remediation], ...world },
  });
}
/** Its plan is recorded and waits. */
const waiting = (more: Case = {}) =>
  situation({
    ...more,
    status: { phase: 'AwaitingApproval', plan: PLAN, steps: [inspected], ...more.status },
  });

const report = (changes: Partial<InspectReport> = {}): string =>
  JSON.stringify({
    verb: 'inspect',
    nonce: 'uid-of-node-1-incident',
    outcome: 'would-change',
    reason: 'WouldChange',
    message: 'A repair would change the file.',
    layout: 'kubespray',
    effective: { value: '/etc/resolv.conf', source: `${FILE}:4` },
    target: { path: TARGET, class: 'ok', nameservers: ['192.0.2.1'] },
    diff: '-a\n+b\n',
    change: { path: FILE, line: 4, sha256Before: 'b'.repeat(64), sha256After: 'c'.repeat(64) },
    times: {},
    ...changes,
  } satisfies InspectReport);
/** Of an agent of another version. */
const withoutBytes = (): string => {
  const { change: _change, ...rest } = JSON.parse(report()) as InspectReport;
  return JSON.stringify(rest);
};
const inspecting: Partial<RemediationStatus> = {
  phase: 'Planning',
  steps: [{ name: 'Inspect', startedAt: isoAt(18) }],
};
const ended = (message: string | null) => ({ inspection: aRun({ state: 'ended', message }) });

describe('before a plan is there', () => {
  it.each(['Plan', 'Approve'] as const)(
    'the node is inspected under %s, and nothing else is done',
    (mode) => {
      expect(decide(situation({ mode }))).toEqual({
        kind: 'act',
        effect: { kind: 'start-inspection', forPlan: true },
      });
    },
  );

  it('nothing is inspected under Repair, nor under Observe', () => {
    expect(planFirst(situation({ mode: 'Repair' }))).toEqual({ kind: 'pass' });
    expect(decide(situation({ mode: 'Observe' }))).toMatchObject({
      kind: 'end',
      ending: { phase: 'Cancelled', reason: 'ObserveOnly' },
    });
  });

  it('five nodes are inspected at a time', () => {
    const others = Array.from({ length: 5 }, (_none, index) =>
      aRemediation({ node: `other-${index}`, status: { phase: 'Planning' } }),
    );
    const busy = (count: number) => situation({ world: { remediations: others.slice(0, count) } });
    expect(planFirst(busy(5))).toMatchObject({ kind: 'wait', reason: 'PlansInProgress' });
    expect(planFirst(busy(4))).toMatchObject({ kind: 'act' });
  });

  it.each([
    ['the node is gone', { world: { node: null } }, 'NodeGone'],
    ['it is excluded', { world: { node: aNode({ excluded: true }) } }, 'NodeExcluded'],
    ['the pod is gone', { world: { dnsPods: [] } }, 'PodGone'],
  ] as const)('the incident ends if %s', (_what, change, reason) => {
    expect(planFirst(situation(change))).toMatchObject({
      kind: 'end',
      ending: { phase: 'Cancelled', reason },
    });
  });
});

describe('the inspection', () => {
  const after = (message: string | null, more: Case = {}) =>
    planFirst(situation({ ...more, status: inspecting, world: ended(message) }));

  it('becomes the plan: what would be changed, restarted and replaced, bound by a hash', () => {
    expect(after(report())).toMatchObject({
      kind: 'record',
      finding: {
        kind: 'planned',
        plan: {
          number: 1,
          madeAt: isoAt(20),
          expiresAt: isoAt(20 + 86_400),
          changes: 'Kubelet',
          file: FILE,
          line: 4,
          setting: `${FILE}:4`,
          target: TARGET,
          diff: '-a\n+b\n',
          restarts: ['kubelet.service'],
          recreates: ['coredns-sick'],
          agentImage: IMAGE,
          hash: expect.stringMatching(/^[0-9a-f]{64}$/),
          summary: `Change resolvConf from /etc/resolv.conf to ${TARGET} in ${FILE}:4 on node node-1, restart its kubelet once, and replace the DNS pods coredns-sick.`,
        },
      },
    });
  });

  it('gives another hash for another node, file, content, setting, target or agent, and the same for the same', () => {
    const hashOf = (text: string, more: Case = {}) => {
      const verdict = after(text, more);
      if (verdict.kind !== 'record' || verdict.finding.kind !== 'planned') throw new Error(verdict.kind);
      return verdict.finding.plan.hash;
    };
    const change = { path: FILE, line: 4, sha256Before: 'b'.repeat(64), sha256After: 'c'.repeat(64) };
    const hashes = [
      report(),
      report({ change: { ...change, path: '/etc/kubernetes/kubelet.env' } }),
      report({ change: { ...change, sha256Before: 'd'.repeat(64) } }),
      report({ change: { ...change, sha256After: 'd'.repeat(64) } }),
      report({ effective: { value: '/etc/resolv.conf', source: `${FILE}:5` } }),
      report({ target: { path: '/run/NetworkManager/no-stub-resolv.conf', class: 'ok', nameservers: [] } }),
    ].map((text) => hashOf(text));
    const other = situation({ status: inspecting, world: { ...ended(report()), agentImage: 'other:1' } });
    const verdict = planFirst(other);
    const ofOtherAgent =
      verdict.kind === 'record' && verdict.finding.kind === 'planned' ? verdict.finding.plan.hash : '';
    expect(new Set([...hashes, ofOtherAgent]).size).toBe(7);
    expect(hashOf(report({ message: 'In other words.' }))).toBe(hashes[0]);
  });

  it.each([
    ['already-right', 'AlreadyRight'],
    ['refused', 'CurrentIsUsable'],
  ] as const)('plans only to replace pods where the kubelet is right: %s', (outcome, reason) => {
    const { change: _change, ...rest } = JSON.parse(report()) as InspectReport;
    expect(after(JSON.stringify({ ...rest, outcome, reason }))).toMatchObject({
      finding: { plan: { changes: 'Nothing', restarts: [], recreates: ['coredns-sick'] } },
    });
  });

  it('ends the incident as the repair would where that would refuse', () => {
    expect(after(report({ outcome: 'refused', reason: 'TargetLoops', advice: 'Do this.' }))).toMatchObject({
      kind: 'end',
      ending: { phase: 'Refused', reason: 'TargetLoops', advice: 'Do this.', hold: false },
    });
  });

  it.each([
    ['it left no report', null],
    ['its agent is of a version that does not say which bytes', withoutBytes()],
    ['its report belongs to another incident', report({ nonce: 'another' })],
  ])('is tried again later where %s', (_what, message) => {
    const failed = decide(situation({ status: inspecting, world: ended(message) }));
    expect(failed).toMatchObject({
      kind: 'record',
      finding: { kind: 'attempt-ended', ending: { reason: 'InspectionFailed' } },
    });
  });

  it('of the plan before is removed first: the next one has its name', () => {
    const rebooted = { node: aNode({ system: { ...aNode().system, bootID: 'another' } }) };
    const old = waiting({ world: { ...rebooted, inspection: aRun({ state: 'ended', message: report() }) } });
    expect(planFirst(old)).toEqual({ kind: 'act', effect: { kind: 'remove-inspection' } });
    expect(planFirst(waiting({ world: rebooted }))).toMatchObject({
      effect: { kind: 'start-inspection' },
    });
  });
});

describe('under Plan', () => {
  it('the incident ends with its plan, whatever anyone answers', () => {
    for (const answers of [undefined, approvedBy('anna'), rejectedBy('bob', 'no')])
      expect(planFirst(waiting({ mode: 'Plan', ...(answers && { answers }) }))).toMatchObject({
        kind: 'end',
        ending: { phase: 'Planned', hold: false, message: expect.stringContaining(PLAN.summary) },
      });
  });

  it('says nothing of the DNS of the node in its conditions', () => {
    const { status, spec } = aRemediation({ status: { plan: PLAN } });
    const ending = { phase: 'Planned', reason: 'Planned', message: 'x', hold: false } as const;
    expect(afterEnd(status, ending, spec, at(20)).conditions).toEqual([]);
  });
});

describe('under Approve', () => {
  const approved = { hash: PLAN.hash, by: 'anna', at: isoAt(15) };

  it('the plan waits until it expires, and says how it is answered', () => {
    const verdict = planFirst(waiting());
    expect(verdict).toMatchObject({ kind: 'wait', reason: 'AwaitingApproval' });
    expect(verdict).toMatchObject({ message: expect.stringContaining('kubectl dnshealth approve') });
  });

  it('an approval of this plan is recorded, with who gave it, and takes the incident to its place in the line', () => {
    const verdict = planFirst(waiting({ answers: approvedBy('anna') }));
    expect(verdict).toEqual({
      kind: 'record',
      finding: { kind: 'approved', hash: PLAN.hash, by: 'anna' },
    });
    if (verdict.kind !== 'record') throw new Error();
    const after = afterFinding(waiting().remediation.status, verdict.finding, at(21));
    expect(after).toMatchObject({
      phase: 'Pending',
      approval: { hash: PLAN.hash, by: 'anna', at: isoAt(21) },
    });
    expect(after.reason).toBeUndefined();
  });

  it('then the guards are asked, and the agent is told what was approved', () => {
    const stands = waiting({
      answers: approvedBy('anna'),
      status: { phase: 'Pending', approval: approved },
    });
    expect(planFirst(stands)).toEqual({ kind: 'pass' });
    expect(decide(stands)).toMatchObject({ kind: 'record', finding: { kind: 'admitted' } });
  });

  it('an approval of another plan does not count, and its giver is told', () => {
    expect(planFirst(waiting({ answers: approvedBy('anna', 'f'.repeat(64)) }))).toMatchObject({
      kind: 'wait',
      reason: 'ApprovalOutdated',
      message: expect.stringContaining('anna approved plan ffffffffffff'),
    });
  });

  it('a rejection ends the incident with its reason, also beside an approval', () => {
    const both = { ...approvedBy('anna'), rejected: { reason: 'Not today.', by: 'bob' } };
    for (const answers of [rejectedBy('bob', 'Not today.'), both])
      expect(planFirst(waiting({ answers }))).toMatchObject({
        kind: 'end',
        ending: {
          phase: 'Refused',
          reason: 'Rejected',
          message: expect.stringMatching(/bob: Not today\./),
        },
      });
  });

  it('what nobody approved in time expires, and an approval after that does not count', () => {
    const late = { now: at(10 + 86_400) };
    for (const answers of [undefined, approvedBy('anna')])
      expect(planFirst(waiting({ ...late, ...(answers && { answers }) }))).toMatchObject({
        kind: 'end',
        ending: { phase: 'Expired', reason: 'NotApprovedInTime' },
      });
    const inTime = waiting({
      ...late,
      answers: approvedBy('anna'),
      status: { phase: 'Pending', approval: approved },
    });
    expect(planFirst(inTime)).toEqual({ kind: 'pass' });
  });

  it('an approval that is taken back before the repair begins does not count any more', () => {
    const back = waiting({ status: { phase: 'Pending', reason: 'Paused', approval: approved } });
    expect(planFirst(back)).toEqual({ kind: 'record', finding: { kind: 'approval-withdrawn' } });
    const after = afterFinding(back.remediation.status, { kind: 'approval-withdrawn' }, at(21));
    expect(after).toMatchObject({ phase: 'AwaitingApproval' });
    expect(after.approval).toBeUndefined();
  });

  it('a quarantine that began is given back if the approval is void before the Job was started', () => {
    const quarantine = { strategy: 'Taint', nodeWasUnschedulable: false, heldSince: isoAt(19) } as const;
    const held = (more: Case) =>
      planFirst(
        waiting({
          ...more,
          status: { phase: 'Quarantining', approval: approved, quarantine, ...more.status },
        }),
      );
    expect(held({ answers: approvedBy('anna') })).toEqual({ kind: 'pass' });
    expect(held({})).toMatchObject({ kind: 'act', effect: { kind: 'stand-back' } });
    expect(held({ answers: approvedBy('anna'), world: { agentImage: 'other:1' } })).toMatchObject({
      effect: { kind: 'stand-back' },
    });
    const started = { steps: [{ name: 'Repair', startedAt: isoAt(19) } as const] };
    expect(held({ status: started })).toEqual({ kind: 'pass' });
  });

  it.each([
    ['to Repair', 'Repair', { kind: 'pass' }],
    ['to Plan', 'Plan', { kind: 'end', ending: { phase: 'Planned' } }],
  ] as const)('a switch of the policy %s counts at once', (_what, mode, expected) => {
    expect(planFirst(waiting({ mode }))).toMatchObject(expected);
  });

  it('a wait for a person is not cut off after an hour', () => {
    expect(planFirst(waiting({ now: at(4 * 3600) }))).toMatchObject({ reason: 'AwaitingApproval' });
  });
});

describe('a plan is made again', () => {
  const system = aNode().system;
  it.each<[string, Case]>([
    ['the node was rebooted', { world: { node: aNode({ system: { ...system, bootID: 'another' } }) } }],
    ['its kubelet was started again', { world: { kubeletStartedAt: at(15) } }],
    ['the operator uses another agent', { world: { agentImage: 'other:1' } }],
    [
      'the agent found something else',
      {
        status: {
          attempts: [
            {
              number: 1,
              startedAt: isoAt(12),
              endedAt: isoAt(16),
              reason: 'PlanChanged',
              message: 'Another file.',
            },
          ],
        },
      },
    ],
  ])('where %s, although the last one was approved', (_what, change) => {
    const approval = { hash: PLAN.hash, by: 'anna', at: isoAt(12) };
    const changed = waiting({
      ...change,
      answers: approvedBy('anna'),
      status: { phase: 'Pending', approval, ...change.status },
    });
    expect(planFirst(changed)).toMatchObject({ effect: { kind: 'start-inspection', forPlan: true } });
  });

  it('not where the kubelet was started before it was made', () => {
    expect(planFirst(waiting({ world: { kubeletStartedAt: at(5) } }))).toMatchObject({
      reason: 'AwaitingApproval',
    });
  });

  it('with the next number, and without the approval of the last one', () => {
    const { status } = waiting({
      status: { approval: { hash: PLAN.hash, by: 'anna', at: isoAt(12) } },
    }).remediation;
    const made = aPlan({ hash: 'e'.repeat(64), number: 2 });
    const finding = {
      kind: 'planned',
      plan: made,
      report: JSON.parse(report()) as InspectReport,
      rewrittenBy: [],
    } as const;
    const after = afterFinding(status, finding, at(30));
    expect(after).toMatchObject({ phase: 'AwaitingApproval', plan: { number: 2 } });
    expect(after.approval).toBeUndefined();
  });
});

describe('a plan that a person asked for', () => {
  const asked = (mode: 'Observe' | 'Plan' | 'Approve' | 'Repair', status: Partial<RemediationStatus>) => {
    const { spec, ...rest } = aRemediation({ status });
    const { policy, node, cause, settings } = spec;
    const request = { by: 'anna', at: isoAt(0) };
    const remediation = {
      ...rest,
      spec: { policy, node, cause, settings, trigger: 'Request', request },
    } as const;
    const world = { remediations: [remediation], dnsPods: [] };
    return aSituation({ policy: aPolicySpec({ mode }), remediation, now: at(20), world });
  };

  it.each(['Observe', 'Plan', 'Approve', 'Repair'] as const)(
    'is made under %s although nothing is wrong, and nothing follows from it',
    (mode) => {
      expect(decide(asked(mode, {}))).toMatchObject({ effect: { kind: 'start-inspection' } });
      expect(decide(asked(mode, { plan: PLAN, steps: [inspected] }))).toMatchObject({
        kind: 'end',
        ending: { phase: 'Planned' },
      });
      expect(planOnRequest(asked(mode, { plan: PLAN }))).toMatchObject({ kind: 'end' });
    },
  );

  it('is not tried again by itself: whoever asked is told, and may ask again', () => {
    const failed = asked('Plan', inspecting);
    expect(decide({ ...failed, world: { ...failed.world, ...ended(null) } })).toMatchObject({
      kind: 'end',
      ending: { phase: 'Failed', reason: 'InspectionFailed' },
    });
  });
});

it('a drift is planned like a crash', () => {
  const remediation = withDrift(aRemediation());
  const verdict = decide(
    aSituation({
      policy: aPolicySpec({ mode: 'Approve' }),
      remediation,
      world: { remediations: [remediation], dnsPods: [aDnsPod()] },
    }),
  );
  expect(verdict).toMatchObject({ effect: { kind: 'start-inspection', forPlan: true } });
});

it('the digest of the tests is the one of the operator', () => {
  expect(sha256('')).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
});
