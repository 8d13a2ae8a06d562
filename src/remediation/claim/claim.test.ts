import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import {
  aDrift,
  aLateLoop,
  aRemediation,
  aRepairReport,
  aSighting,
  aStatus,
  at,
  isoAt,
  SICK_POD,
  withDrift,
} from '../../../test/support/objects/builders.ts';
import { aPlan } from '../../../test/support/objects/plans.ts';
import type { Phase } from '../../api/remediation.ts';
import type { Sighting } from '../../api/trigger.ts';
import type { Remediation } from '../world.ts';
import { decideClaim } from './claim.ts';

const digest = (text: string) => createHash('sha256').update(text).digest('hex');
const node = { name: 'node-1', uid: 'uid-of-node-1' };
const died = (seconds: number, pod: { name: string; uid: string } = SICK_POD): Sighting => ({
  ...aSighting(),
  pod,
  diedAt: isoAt(seconds),
});

interface Case {
  readonly sighting?: Sighting;
  readonly sawDeathAt?: number | null;
  readonly remediations?: readonly Remediation[];
  readonly on?: typeof node;
  readonly now?: number;
}
/** The policy repairs, and the node is the same as when the evidence was seen. */
const REPAIRS = { mode: 'Repair', nodeNow: { bootID: '3b2e5a7c', kubeletStartedAt: null } } as const;
const decide = (given: Case = {}) => {
  const { sighting = died(0), sawDeathAt = null, remediations = [], on = node, now = at(1) } = given;
  const evidence = { trigger: 'Crash', sighting } as const;
  return decideClaim({ evidence, sawAt: sawDeathAt, node: on, ...REPAIRS, remediations, digest, now });
};
const nameOf = (decision: ReturnType<typeof decide>): string =>
  decision.kind === 'claim' ? decision.name : `skipped: ${decision.reason}`;

/** An incident of the sick pod, under the name that it was claimed with. */
function incident(phase: Phase, finishedAt?: number): Remediation {
  const status = aStatus({ phase, ...(finishedAt === undefined ? {} : { finishedAt: isoAt(finishedAt) }) });
  return { ...aRemediation(), name: nameOf(decide()), status };
}
const otherPod = { name: 'coredns-other', uid: 'pod-other' };

describe('fresh evidence is claimed', () => {
  it('under a name derived from the node and the pod, the same each time', () => {
    expect(decide().kind).toBe('claim');
    expect(nameOf(decide())).toMatch(/^node-1-[0-9a-f]{8}$/);
    expect(nameOf(decide({ now: at(100) }))).toBe(nameOf(decide()));
  });

  it('under another name for another pod, or for another node of the same name', () => {
    const names = [
      decide(),
      decide({ sighting: died(0, otherPod) }),
      decide({ on: { ...node, uid: 'the-node-after-it' } }),
    ].map(nameOf);
    expect(new Set(names).size).toBe(3);
  });

  it('under a name that fits into a label value, however long the node name is', () => {
    const name = nameOf(
      decide({ on: { name: `IP-10.0.0.1.${'x'.repeat(200)}.compute.internal`, uid: 'u' } }),
    );
    expect(name.length).toBeLessThanOrEqual(63 - '-proof'.length);
    expect(name).toMatch(/^[a-z0-9]([-a-z0-9]*[a-z0-9])$/);
  });

  it('while another node has an incident', () => {
    const elsewhere = aRemediation({ node: 'node-2', status: { phase: 'Repairing' } });
    expect(decide({ remediations: [elsewhere] }).kind).toBe('claim');
  });

  it('up to ten minutes after the death; older evidence is ignored with advice', () => {
    expect(decide({ now: at(600) }).kind).toBe('claim');
    expect(decide({ now: at(601) })).toMatchObject({
      kind: 'skip',
      reason: 'EvidenceTooOld',
      advice: expect.stringContaining(isoAt(0)),
    });
  });
});

describe('a sighting is ignored', () => {
  it('while its own incident is open, and after one that needs an administrator', () => {
    for (const phase of ['Pending', 'Repairing', 'Verifying'] as const)
      expect(nameOf(decide({ remediations: [incident(phase)] }))).toBe('skipped: Known');
    for (const phase of ['Refused', 'Failed'] as const) {
      const ended = incident(phase, 30);
      expect(decide({ sighting: died(60), now: at(61), remediations: [ended] })).toEqual({
        kind: 'skip',
        reason: 'Known',
        advice: expect.stringContaining(`kubectl annotate dnsrem ${ended.name}`),
      });
    }
  });

  it('while its node has an incident of another pod', () => {
    expect(nameOf(decide({ sighting: died(0, otherPod), remediations: [incident('Proving')] }))).toBe(
      'skipped: NodeHasIncident',
    );
  });

  it('when the death is not later than the end of the last repair of the node', () => {
    const remediations = [incident('Healed', 30)];
    for (const seconds of [0, 29, 30])
      expect(nameOf(decide({ sighting: died(seconds, otherPod), now: at(31), remediations }))).toBe(
        'skipped: OlderThanLastRepair',
      );
    expect(decide({ sighting: died(31, otherPod), now: at(32), remediations }).kind).toBe('claim');
  });

  it('but not when its incident was cancelled because the policy was deleted, and there is one again', () => {
    const cancelled = incident('Cancelled', 30);
    const status = { ...cancelled.status, reason: 'PolicyDeleted' };
    const remediations = [{ ...cancelled, status }];
    expect(decide({ remediations, now: at(31) }).kind).toBe('claim');
    expect(nameOf(decide({ remediations, now: at(31) }))).not.toBe(cancelled.name);
  });

  it('when the incident of the same death was cancelled', () => {
    expect(nameOf(decide({ remediations: [incident('Cancelled', 30)], now: at(31) }))).toBe('skipped: Known');
  });
});

describe('a node whose repair was rolled back', () => {
  const now = at(61);
  const rolledBack = incident('RolledBack', 30);

  it('is left alone whichever of its pods dies; the advice names the record to acknowledge', () => {
    for (const sighting of [died(60), died(60, otherPod)])
      expect(decide({ sighting, now, remediations: [rolledBack] })).toMatchObject({
        kind: 'skip',
        reason: 'NodeRolledBack',
        advice: expect.stringContaining(`kubectl annotate dnsrem ${rolledBack.name}`),
      });
  });

  it('is tried again once that is acknowledged', () => {
    const remediations = [{ ...rolledBack, acknowledged: true }];
    for (const sighting of [died(60), died(60, otherPod)])
      expect(decide({ sighting, now, remediations }).kind).toBe('claim');
  });
});

describe('a death that the operator saw happen counts from then, because the clock of the node may be off', () => {
  const MINUTES = [-60, -11, 0, 11, 60];

  it.each(MINUTES)('is fresh on a node whose clock is %i minutes off', (minutes) => {
    const sighting = died(minutes * 60);
    expect(decide({ sighting, sawDeathAt: at(0), now: at(600) }).kind).toBe('claim');
    expect(nameOf(decide({ sighting, sawDeathAt: at(0), now: at(601) }))).toBe('skipped: EvidenceTooOld');
  });

  it.each(MINUTES)(
    'is older or newer than the last repair on a node whose clock is %i minutes off',
    (minutes) => {
      const sighting = died(minutes * 60 + 40, otherPod);
      const remediations = [incident('Healed', 30)];
      expect(nameOf(decide({ sighting, sawDeathAt: at(29), now: at(50), remediations }))).toBe(
        'skipped: OlderThanLastRepair',
      );
      expect(decide({ sighting, sawDeathAt: at(31), now: at(50), remediations }).kind).toBe('claim');
    },
  );

  it('and one of the future, that it did not see, counts as of now', () => {
    expect(decide({ sighting: died(3600), now: at(1) }).kind).toBe('claim');
  });
});

describe('a cancelled incident', () => {
  it('changed nothing, so an earlier death of another pod still counts', () => {
    const remediations = [incident('Cancelled', 30)];
    expect(decide({ sighting: died(5, otherPod), now: at(31), remediations }).kind).toBe('claim');
  });
});

describe('an end that needs an administrator', () => {
  it.each(['Refused', 'RolledBack', 'Failed'] as const)(
    '%s: once it is acknowledged, the next death of the same pod makes a new incident',
    (phase) => {
      const first = { ...incident(phase, 30), acknowledged: true };
      const second = decide({ sighting: died(90), now: at(91), remediations: [first] });
      expect(second.kind).toBe('claim');
      expect(nameOf(second)).not.toBe(first.name);
      expect(nameOf(decide({ sighting: died(30), now: at(91), remediations: [first] }))).toBe(
        'skipped: Known',
      );
    },
  );
});

describe('a pod whose oldest record was deleted', () => {
  it('gets a name that none of the other records has', () => {
    const first = incident('Cancelled', 30);
    const again = decide({ sighting: died(90), now: at(91), remediations: [first] });
    const second = { ...incident('Cancelled', 120), name: nameOf(again) };
    const third = decide({ sighting: died(180), now: at(181), remediations: [second] });
    expect(third.kind).toBe('claim');
    expect(nameOf(third)).not.toBe(second.name);
  });
});

describe('a pod that recovered', () => {
  it.each(['Healed', 'Cancelled'] as const)(
    'and dies after its %s incident makes a new incident with another name',
    (phase) => {
      const first = incident(phase, 30);
      const second = decide({ sighting: died(90), now: at(91), remediations: [first] });
      expect(second.kind).toBe('claim');
      expect(nameOf(second)).not.toBe(first.name);
      const open = { ...aRemediation(), name: nameOf(second) };
      expect(nameOf(decide({ sighting: died(90), now: at(91), remediations: [first, open] }))).toBe(
        'skipped: Known',
      );
    },
  );
});

describe('a pod that loops without crashing', () => {
  /** It failed first in second 0 and last in this second. */
  const late = (seconds: number, remediations: readonly Remediation[] = []) => {
    const evidence = { trigger: 'LateLoop', lateLoop: aLateLoop() } as const;
    return decideClaim({
      evidence,
      sawAt: at(seconds),
      node,
      ...REPAIRS,
      remediations,
      digest,
      now: at(seconds + 1),
    });
  };

  it('is claimed, however long ago it began, as long as it fails', () => {
    expect(late(7200).kind).toBe('claim');
  });

  it('is not claimed beside another incident of its node, nor again after a refusal', () => {
    expect(nameOf(late(10, [incident('Repairing')]))).toBe('skipped: Known');
    expect(nameOf(late(60, [incident('Refused', 30)]))).toBe('skipped: Known');
  });

  it('is claimed again once the refusal is acknowledged and it still fails', () => {
    expect(late(60, [{ ...incident('Refused', 30), acknowledged: true }]).kind).toBe('claim');
  });
});

describe('a node that was found wrong before a pod failed', () => {
  const decideDrift = (seconds: number, remediations: readonly Remediation[] = [], provenAt?: number) =>
    decideClaim({
      evidence: {
        trigger: 'Drift',
        drift: aDrift({
          foundAt: isoAt(seconds),
          ...(provenAt === undefined ? {} : { provenAt: isoAt(provenAt) }),
        }),
      },
      sawAt: at(seconds),
      node,
      ...REPAIRS,
      remediations,
      digest,
      now: at(seconds + 1),
    });
  const claimed = (decision: ReturnType<typeof decideDrift>): boolean => decision.kind === 'claim';

  it('is claimed under a name of the node, the same each time, so that a second leader meets the first one', () => {
    const [first, second] = [decideDrift(0), decideDrift(5)];
    expect(first).toMatchObject({ kind: 'claim', name: expect.stringMatching(/^node-1-[0-9a-f]{8}$/) });
    expect(second).toEqual(first);
    expect(nameOf(decide())).not.toBe(nameOf(first));
  });

  it('waits while the node has an incident, whatever that began with', () => {
    expect(decideDrift(0, [incident('Verifying')])).toMatchObject({ reason: 'NodeHasIncident' });
  });

  it('is not claimed for a check that is not later than the end of the last repair', () => {
    const healed = [withDrift(incident('Healed', 30))];
    expect(decideDrift(30, healed)).toMatchObject({ reason: 'OlderThanLastRepair' });
    expect(claimed(decideDrift(31, healed))).toBe(true);
  });

  it('is not claimed for what an agent has looked at since and found otherwise, although that changed nothing', () => {
    const waited = withDrift(incident('Cancelled', 30));
    expect(claimed(decideDrift(10, [waited]))).toBe(true);
    const repair = aRepairReport({ outcome: 'refused', reason: 'NotPendingInFile' });
    const seen = { ...waited, status: { ...waited.status, repair } };
    expect(decideDrift(10, [seen])).toMatchObject({ reason: 'OlderThanLastRepair' });
    expect(claimed(decideDrift(31, [seen]))).toBe(true);
  });

  it.each(['Refused', 'Failed'] as const)(
    'is left to a person after a repair that ended as %s, with advice',
    (phase) => {
      const left = incident(phase, 30);
      for (const remediations of [[left], [withDrift(left)]])
        expect(decideDrift(60, remediations)).toEqual({
          kind: 'skip',
          reason: 'Known',
          advice: expect.stringMatching(
            new RegExp(`^The repair of this node ended as ${phase} .*annotate dnsrem ${left.name}`),
          ),
        });
    },
  );

  it('is claimed again once that end was acknowledged, or a check has found the node well since', () => {
    const left = withDrift(incident('Refused', 30));
    expect(claimed(decideDrift(60, [{ ...left, acknowledged: true }]))).toBe(true);
    expect(claimed(decideDrift(60, [left], 40))).toBe(true);
    expect(claimed(decideDrift(60, [left], 20))).toBe(false);
  });
});

describe('after a plan', () => {
  const planned = {
    ...incident('Planned', 30),
    status: aStatus({ phase: 'Planned', finishedAt: isoAt(30), plan: aPlan() }),
  };
  const again = (changes: Partial<Parameters<typeof decideClaim>[0]> = {}, record: Remediation = planned) =>
    nameOf(
      decideClaim({
        evidence: { trigger: 'Crash', sighting: died(300) },
        sawAt: at(300),
        node,
        ...REPAIRS,
        mode: 'Plan',
        remediations: [record],
        digest,
        now: at(301),
        ...changes,
      }),
    );
  const isClaimed = (name: string) => !name.startsWith('skipped');

  it('the next crash of the pod makes no other one, while it would say the same', () => {
    expect(again()).toBe('skipped: Known');
  });

  it.each([
    ['the node was rebooted', { nodeNow: { bootID: 'another', kubeletStartedAt: null } }],
    ['its kubelet was started again', { nodeNow: { bootID: '3b2e5a7c', kubeletStartedAt: at(200) } }],
    ['it is older than a plan can become', { sawAt: at(90_000), now: at(90_001) }],
    ['the policy repairs now', { mode: 'Repair' }],
    ['the policy asks for an approval now', { mode: 'Approve' }],
  ] as const)('another one is made where %s', (_what, changes) => {
    expect(isClaimed(again(changes))).toBe(true);
  });

  it('a node that is still found wrong is not planned again either', () => {
    const evidence = { trigger: 'Drift', drift: aDrift({ foundAt: isoAt(300) }) } as const;
    expect(again({ evidence })).toBe('skipped: Known');
    expect(isClaimed(again({ evidence, mode: 'Repair' }))).toBe(true);
  });

  it('that nobody approved in time, the next crash makes a new one, and no older evidence', () => {
    const expired = { ...planned, status: { ...planned.status, phase: 'Expired' as const } };
    expect(isClaimed(again({ mode: 'Approve' }, expired))).toBe(true);
    expect(again({ mode: 'Approve', sawAt: at(20) }, expired)).toBe('skipped: Known');
  });

  it('that a person rejected, there is none until the rejection is acknowledged', () => {
    const rejected = { ...incident('Refused', 30) };
    expect(again({ mode: 'Approve' }, rejected)).toBe('skipped: Known');
    expect(isClaimed(again({ mode: 'Approve' }, { ...rejected, acknowledged: true }))).toBe(true);
  });

  it.each(['Planning', 'Planned', 'Refused', 'Failed'] as const)(
    'that a person asked for, a crash is claimed as if there were none: %s',
    (phase) => {
      const { policy, node: where, cause, settings } = planned.spec;
      const request = { by: 'anna', at: isoAt(10) };
      const asked: Remediation = {
        ...planned,
        spec: { policy, node: where, cause, settings, trigger: 'Request', request },
        status: { ...planned.status, phase },
      };
      expect(isClaimed(again({}, asked))).toBe(true);
    },
  );
});
