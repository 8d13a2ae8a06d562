import { describe, expect, it } from 'vitest';
import {
  aDnsPod,
  aLoopingPod,
  aNode,
  aRemediation,
  aSituation,
  at,
  isoAt,
} from '../../test/support/objects/builders.ts';
import { mayBegin } from './safety.ts';

const quarantine = { strategy: 'Cordon', nodeWasUnschedulable: false } as const;

describe('a repair may begin', () => {
  it('on a Ready node whose DNS pod loops while another node serves', () => {
    expect(mayBegin(aSituation())).toEqual({ kind: 'pass' });
  });

  it('on any node when no DNS pod serves anywhere', () => {
    const dnsPods = [aLoopingPod(), aLoopingPod({ uid: 'other', node: 'node-2' })];
    expect(mayBegin(aSituation({ world: { dnsPods } }))).toEqual({ kind: 'pass' });
  });

  it('on a second node at the same time, once the canary healed and the policy allows two', () => {
    const settings = { limits: { maxConcurrent: 2 } };
    const healed = aRemediation({
      node: 'node-3',
      settings,
      status: { phase: 'Healed', finishedAt: isoAt(-60) },
    });
    const busy = aRemediation({ node: 'node-2', settings, status: { phase: 'Repairing', quarantine } });
    const remediation = aRemediation({ settings });
    const remediations = [healed, busy, remediation];
    expect(mayBegin(aSituation({ remediation, world: { remediations } }))).toEqual({ kind: 'pass' });
  });

  it('after a failure that was acknowledged', () => {
    const failed = aRemediation({
      node: 'node-2',
      acknowledged: true,
      status: { phase: 'Failed', quarantine },
    });
    const remediation = aRemediation();
    expect(mayBegin(aSituation({ remediation, world: { remediations: [failed, remediation] } }))).toEqual({
      kind: 'pass',
    });
  });
});

describe('a repair waits', () => {
  const waits = (situation: Parameters<typeof mayBegin>[0]) => {
    const verdict = mayBegin(situation);
    return verdict.kind === 'wait' ? verdict.reason : verdict;
  };

  it('while another node is under repair', () => {
    const busy = aRemediation({
      node: 'node-2',
      createdAt: at(5),
      status: { phase: 'Repairing', quarantine },
    });
    const remediation = aRemediation();
    expect(waits(aSituation({ remediation, world: { remediations: [remediation, busy] } }))).toBe(
      'OtherNodeUnderRepair',
    );
  });

  it('while an older claim has not begun: of two, exactly one begins', () => {
    const first = aRemediation({ node: 'node-1', createdAt: at(1) });
    const second = aRemediation({ node: 'node-2', createdAt: at(1) });
    const world = { remediations: [second, first] };
    const verdicts = [first, second].map((remediation) => {
      const name = remediation.spec.node.name;
      const dnsPods = [aLoopingPod({ node: name }), aDnsPod({ node: 'node-3' })];
      return mayBegin(aSituation({ remediation, world: { ...world, node: aNode({ name }), dnsPods } })).kind;
    });
    expect(verdicts.toSorted()).toEqual(['pass', 'wait']);
  });

  it('while the canary has not healed, whatever the policy allows', () => {
    const settings = { limits: { maxConcurrent: 5 } };
    const busy = aRemediation({ node: 'node-2', settings, status: { phase: 'Repairing', quarantine } });
    const remediation = aRemediation({ settings });
    expect(waits(aSituation({ remediation, world: { remediations: [remediation, busy] } }))).toBe(
      'OtherNodeUnderRepair',
    );
  });

  it('after a failure that was not acknowledged', () => {
    const failed = aRemediation({ node: 'node-2', status: { phase: 'Failed', quarantine } });
    const remediation = aRemediation();
    expect(waits(aSituation({ remediation, world: { remediations: [failed, remediation] } }))).toBe(
      'RolloutHalted',
    );
  });

  it('while the last serving DNS pod runs on the node', () => {
    const dnsPods = [aLoopingPod(), aDnsPod({ node: 'node-1' })];
    expect(waits(aSituation({ world: { dnsPods } }))).toBe('LastServingPod');
  });

  it('while the node is not Ready', () => {
    expect(waits(aSituation({ world: { node: aNode({ ready: false }) } }))).toBe('NodeNotReady');
  });

  it('while another remediation holds the node', () => {
    const record = {
      remediation: 'older',
      strategy: 'Cordon',
      wasUnschedulable: false,
      since: isoAt(-5),
    } as const;
    expect(waits(aSituation({ world: { node: aNode({ quarantine: record }) } }))).toBe('NodeHeld');
  });
});

describe('a repair is cancelled or refused', () => {
  const ends = (situation: Parameters<typeof mayBegin>[0]) => {
    const verdict = mayBegin(situation);
    return verdict.kind === 'end'
      ? [verdict.ending.phase, verdict.ending.reason, verdict.ending.hold]
      : verdict;
  };

  it.each([
    ['the policy is gone', { policy: null }, ['Cancelled', 'PolicyDeleted', false]],
    [
      'the policy only observes',
      { policy: { mode: 'Observe' as const } },
      ['Cancelled', 'ObserveOnly', false],
    ],
    ['the node is gone', { world: { node: null } }, ['Cancelled', 'NodeGone', false]],
    [
      'the node is excluded',
      { world: { node: aNode({ excluded: true }) } },
      ['Cancelled', 'NodeExcluded', false],
    ],
    ['the pod is gone', { world: { dnsPods: [aDnsPod()] } }, ['Cancelled', 'PodGone', false]],
    [
      'the pod has recovered',
      { now: at(60), world: { dnsPods: [aLoopingPod({ ready: true, runningSince: at(10) })] } },
      ['Cancelled', 'Recovered', false],
    ],
    [
      'the platform owns its nodes',
      { world: { node: aNode({ managedPlatform: { platform: 'EKS', advice: 'change the NodeConfig' } }) } },
      ['Refused', 'ManagedPlatform', false],
    ],
    ['it has waited for an hour', { now: at(3700) }, ['Cancelled', 'WaitedTooLong', false]],
  ])('when %s', (_why, overrides, expected) => {
    expect(ends(aSituation(overrides))).toEqual(expected);
  });

  it('but not for a looping pod that is Ready for a second: it has not recovered', () => {
    const dnsPods = [aLoopingPod({ ready: true, runningSince: at(2) }), aDnsPod()];
    expect(mayBegin(aSituation({ now: at(3), world: { dnsPods } }))).toEqual({ kind: 'pass' });
  });
});
