import { describe, expect, it } from 'vitest';
import {
  aDnsPod,
  aLoopingPod,
  aPolicySpec,
  aRemediation,
  aRepairReport,
  aRun,
  aSituation,
  at,
  isoAt,
  SICK_POD,
} from '../../../test/support/objects/builders.ts';
import type { InspectReport } from '../../api/agent-protocol.ts';
import type { Plan } from '../../api/plan.ts';
import { hasSlot } from '../guards/has-slot.ts';
import { afterFinding } from '../record/status.ts';
import { pass } from '../verdict.ts';
import { correctIsAllowed, recreateIsAllowed } from './allowed-remedy.ts';

const aPlan = (changes: Plan['changes']): Plan => ({
  hash: 'a'.repeat(64),
  number: 1,
  madeAt: isoAt(1),
  changes,
  ...(changes === 'Kubelet' && { file: '/etc/kubernetes/kubelet-config.yaml', line: 7 }),
  restarts: changes === 'Kubelet' ? ['kubelet.service'] : [],
  recreates: [SICK_POD.name],
  agentImage: aSituation().world.agentImage,
  madeFor: { bootID: '3b2e5a7c' },
  summary: 'Change resolvConf in kubelet-config.yaml:7 on node node-1.',
});
const incident = (remedies: string[], status: Parameters<typeof aRemediation>[0] = {}) =>
  aRemediation({ settings: { repair: { remedies } }, ...status });

describe('where the policy does not allow CorrectKubelet', () => {
  const of = (status: object, mode: 'Repair' | 'Approve' | 'Plan' = 'Repair') =>
    correctIsAllowed(
      aSituation({
        policy: aPolicySpec({ mode }),
        remediation: incident(['RecreatePods'], { status }),
      }),
    );

  it('the node is inspected first, by a Job that can only read', () => {
    expect(of({})).toEqual({ kind: 'act', effect: { kind: 'start-inspection', forPlan: true } });
  });

  it('an incident that needs it is refused before its node is touched, with the change as advice', () => {
    expect(of({ plan: aPlan('Kubelet') })).toMatchObject({
      kind: 'end',
      ending: {
        phase: 'Refused',
        reason: 'RemedyNotAllowed',
        message: expect.stringContaining('Change resolvConf in kubelet-config.yaml:7 on node node-1.'),
        advice: expect.stringContaining('/etc/kubernetes/kubelet-config.yaml'),
        hold: false,
      },
    });
    expect(of({ plan: aPlan('Kubelet') }, 'Approve')).toMatchObject({ kind: 'end' });
  });

  it('an incident goes on that needs only its pods replaced', () => {
    expect(of({ plan: aPlan('Nothing') })).toEqual(pass);
  });

  it('one that was inspected takes its place in the line: a younger incident of another policy waits for it', () => {
    const steps = [{ name: 'Inspect', startedAt: isoAt(1) } as const];
    const inspecting = incident(['RecreatePods'], { node: 'node-2', status: { phase: 'Planning', steps } });
    const message = JSON.stringify({
      verb: 'inspect',
      nonce: inspecting.uid,
      outcome: 'refused',
      reason: 'CurrentIsUsable',
      message: 'The kubelet reads a usable file.',
      layout: 'kubeadm',
      times: {},
    } satisfies InspectReport);
    const inspection = aRun({ state: 'ended', message });
    const verdict = correctIsAllowed(aSituation({ remediation: inspecting, world: { inspection } }));
    if (verdict.kind !== 'record') throw new Error(JSON.stringify(verdict));
    const planned = { ...inspecting, status: afterFinding(inspecting.status, verdict.finding, at(2)) };
    expect(planned.status).toMatchObject({ phase: 'Pending', plan: { changes: 'Nothing' } });
    expect(planned.status.reason).toBeUndefined();
    const young = aRemediation({ createdAt: at(2) });
    const other = { ...young, spec: { ...young.spec, policy: { name: 'other', uid: 'policy-2' } } };
    const younger = (first: typeof planned) =>
      hasSlot(aSituation({ remediation: other, world: { remediations: [first, other] } }));
    expect(younger(inspecting)).toEqual(pass);
    expect(younger(planned)).toMatchObject({ kind: 'wait', reason: 'OtherNodeUnderRepair' });
  });

  it('a policy that only plans is not kept from it', () => {
    expect(of({ plan: aPlan('Kubelet') }, 'Plan')).toEqual(pass);
  });
});

it('a policy that allows both remedies inspects nothing first', () => {
  const remediation = incident(['CorrectKubelet', 'RecreatePods']);
  expect(correctIsAllowed(aSituation({ remediation }))).toEqual(pass);
});

describe('where the policy does not allow RecreatePods', () => {
  const of = (repair: object, dnsPods = [aLoopingPod(), aDnsPod()]) =>
    recreateIsAllowed(
      aSituation({
        remediation: incident(['CorrectKubelet'], { status: { repair: aRepairReport(repair) } }),
        world: { dnsPods },
      }),
    );

  it('an incident is refused whose kubelet was right already, and the pods are named', () => {
    expect(of({ outcome: 'refused', reason: 'CurrentIsUsable' })).toMatchObject({
      kind: 'end',
      ending: {
        phase: 'Refused',
        reason: 'RemedyNotAllowed',
        advice: expect.stringContaining('kubectl -n kube-system delete pod coredns-sick'),
      },
    });
    expect(of({ outcome: 'already-right', reason: 'AlreadyRight' })).toMatchObject({ kind: 'end' });
  });

  it('pods are replaced all the same after the kubelet was corrected: that is part of it', () => {
    expect(of({ outcome: 'repaired' })).toEqual(pass);
  });

  it('nothing stands in the way of a node without a pod to replace', () => {
    expect(of({ outcome: 'refused', reason: 'CurrentIsUsable' }, [aDnsPod()])).toEqual(pass);
  });
});
