import { describe, expect, it } from 'vitest';
import {
  aDnsPod,
  aLoopingPod,
  aNode,
  aRemediation,
  aSituation,
  at,
  isoAt,
  withDrift,
  withLateLoop,
} from '../../../test/support/objects/builders.ts';
import type { NodeCheckRecord } from '../../api/node-check-record.ts';
import type { RemediationStatus } from '../../api/remediation.ts';
import { pass } from '../verdict.ts';
import { WAITS_OF_LIMITS } from '../waits.ts';
import { stillSick } from './still-sick.ts';

describe('however long it has waited', () => {
  const verdict = (status: Partial<RemediationStatus>) => {
    const remediation = aRemediation({ status });
    return stillSick(aSituation({ remediation, now: at(7_200) }));
  };

  it.each<[string, Partial<RemediationStatus>]>([
    ['whose turn has come after a long pause', { phase: 'Quarantining' }],
    ['whose plan waited for a person until the policy needed none', { phase: 'AwaitingApproval' }],
    [
      'whose plan was approved a moment ago',
      { phase: 'Pending', approval: { hash: 'a'.repeat(64), by: 'anna', at: isoAt(7_199) } },
    ],
  ])('an incident goes on %s', (_what, status) => {
    expect(verdict(status)).toEqual(pass);
  });
});

describe('a repair is cancelled', () => {
  it.each([
    ['the pod is gone', { world: { dnsPods: [aDnsPod()] } }, 'PodGone'],
    [
      'the pod has recovered',
      { now: at(60), world: { dnsPods: [aLoopingPod({ ready: true, runningSince: at(10) })] } },
      'Recovered',
    ],
    ['it has waited for an hour', { now: at(3700) }, 'WaitedTooLong'],
  ])('when %s', (_why, overrides, reason) => {
    expect(stillSick(aSituation(overrides))).toMatchObject({
      kind: 'end',
      ending: { phase: 'Cancelled', reason, hold: false },
    });
  });

  it('but not for a looping pod that is Ready for a second: it has not recovered', () => {
    const dnsPods = [aLoopingPod({ ready: true, runningSince: at(2) }), aDnsPod()];
    expect(stillSick(aSituation({ now: at(3), world: { dnsPods } }))).toEqual(pass);
  });
});

describe('an incident of a pod that loops without crashing', () => {
  const remediation = withLateLoop(aRemediation());
  const verdict = (answers: boolean | null) => {
    const dnsPods = [aLoopingPod({ ready: true, runningSince: at(-600), answers }), aDnsPod()];
    return stillSick(aSituation({ remediation, now: at(60), world: { dnsPods } }));
  };

  it('goes on although the pod is Ready, also while it was not asked again', () => {
    expect([false, null].map(verdict)).toEqual([pass, pass]);
  });

  it('is cancelled once the pod answers', () => {
    expect(verdict(true)).toMatchObject({ kind: 'end', ending: { reason: 'Recovered' } });
  });
});

describe('an incident of a node that was found wrong', () => {
  const remediation = withDrift(aRemediation({ createdAt: at(1) }));
  const found = (verdict: 'proven' | 'drifted', seconds: number): NodeCheckRecord => ({
    version: 1,
    found: { verdict, class: 'ok', nameservers: ['192.0.2.53'], at: isoAt(seconds) },
    failures: 0,
    condition: { reason: 'Repairing', message: '', since: isoAt(0), writtenAt: isoAt(0) },
  });
  const verdict = (checks: NodeCheckRecord | null, now = at(3700)) =>
    stillSick(aSituation({ remediation, now, world: { node: aNode({ checks }), dnsPods: [] } }));

  it('needs no DNS pod, and waits for its turn longer than that of a pod that fails', () => {
    expect(verdict(null)).toEqual(pass);
    expect(verdict(null, at(25 * 3600))).toMatchObject({ ending: { reason: 'WaitedTooLong' } });
  });

  it('goes on while later checks find the node wrong, and whatever an earlier one found', () => {
    expect(verdict(found('drifted', 60))).toEqual(pass);
    expect(verdict(found('proven', -60))).toEqual(pass);
  });

  it('is cancelled once a later check has found the node well', () => {
    expect(verdict(found('proven', 60))).toMatchObject({
      kind: 'end',
      ending: {
        phase: 'Cancelled',
        reason: 'Recovered',
        message: 'A later check of node node-1 found it well: new pods are given 192.0.2.53 (class ok).',
      },
    });
  });
});

describe('an incident that something else held for a night', () => {
  const held = (status: object) =>
    stillSick(
      aSituation({ remediation: aRemediation({ status: { phase: 'Pending', ...status } }), now: at(36_000) }),
    );

  it.each(WAITS_OF_LIMITS)('is still the same one: %s', (reason) => {
    expect(held({ reason })).toEqual(pass);
  });

  it('counts what its node keeps it waiting for from then on', () => {
    expect(held({ reason: 'NodeNotReady', waitingSince: isoAt(35_000) })).toEqual(pass);
    expect(held({ reason: 'NodeNotReady', waitingSince: isoAt(30_000) })).toMatchObject({
      ending: { reason: 'WaitedTooLong' },
    });
  });
});
