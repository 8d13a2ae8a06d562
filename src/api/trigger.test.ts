import { describe, expect, it } from 'vitest';
import { aDrift, aLateLoop, aRemediation, aSighting, isoAt } from '../../test/support/objects/builders.ts';
import { remediationSpecSchema } from './remediation.ts';
import { beganAt, corednsVersionOf, podOf, seenAt } from './trigger.ts';

const { policy, node, cause, settings } = aRemediation().spec;
const parse = (parts: object) => remediationSpecSchema.safeParse({ policy, node, cause, settings, ...parts });

describe('the trigger of an incident', () => {
  it('is a crash in a record of an older version, which does not name it', () => {
    expect(parse({ sighting: aSighting() }).data?.trigger).toBe('Crash');
  });

  it.each([
    ['a crash without a sighting', { trigger: 'Crash' }],
    ['a crash with a late loop beside the sighting', { sighting: aSighting(), lateLoop: aLateLoop() }],
    ['a late loop without its answers', { trigger: 'LateLoop' }],
    ['a late loop with a sighting', { trigger: 'LateLoop', sighting: aSighting() }],
    ['a drift without what was found', { trigger: 'Drift' }],
    ['a drift with a sighting', { trigger: 'Drift', drift: aDrift(), sighting: aSighting() }],
    ['a crash with a drift beside the sighting', { sighting: aSighting(), drift: aDrift() }],
    ['something else', { trigger: 'Boredom', sighting: aSighting() }],
  ])('does not parse as %s', (_name, parts) => {
    expect(parse(parts).success).toBe(false);
  });

  it.each([
    ['a crash: the death of the container', { trigger: 'Crash', sighting: aSighting({ diedAt: isoAt(7) }) }],
    [
      'a late loop: the first failed answer',
      { trigger: 'LateLoop', lateLoop: aLateLoop({ foundAt: isoAt(7) }) },
    ],
  ] as const)('says when and where it began, for %s', (_name, evidence) => {
    expect(parse(evidence).success).toBe(true);
    expect(podOf(evidence)).toEqual({ name: 'coredns-sick', uid: 'pod-sick' });
    expect(beganAt(evidence)).toBe(Date.parse(isoAt(7)));
    expect(corednsVersionOf(evidence)).toBeUndefined();
  });

  it('says when a drift began, and that no pod showed it', () => {
    const evidence = { trigger: 'Drift', drift: aDrift({ foundAt: isoAt(7) }) } as const;
    expect(parse(evidence).success).toBe(true);
    expect(podOf(evidence)).toBeNull();
    expect(beganAt(evidence)).toBe(Date.parse(isoAt(7)));
    expect(corednsVersionOf(evidence)).toBeUndefined();
  });

  it.each([
    [
      'a crash: when its log line had been read',
      { trigger: 'Crash', sighting: aSighting({ seenAt: isoAt(2) }) },
      2,
    ],
    ['a late loop: when its check had been read', { trigger: 'LateLoop', lateLoop: aLateLoop() }, 1],
    ['a drift: when its check had been read', { trigger: 'Drift', drift: aDrift() }, 0],
  ] as const)('says when the operator had seen enough, for %s', (_name, evidence, second) => {
    expect(seenAt(evidence)).toBe(isoAt(second));
  });
});
