import { describe, expect, it } from 'vitest';
import {
  aRemediation,
  aRepairReport,
  aSituation,
  at,
  isoAt,
  withDrift,
} from '../../../test/support/objects/builders.ts';
import { pass } from '../verdict.ts';
import type { Remediation } from '../world.ts';
import { notTooOften } from './not-too-often.ts';

const HOUR = 3600;
const NOW = 30 * HOUR;
const drift = withDrift(aRemediation({ name: 'drift', settings: { drift: { maxRepairs: 2 } } }));

/** A repair of a node that ended so many hours ago. */
const repaired = (hours: number, overrides: Parameters<typeof aRemediation>[0] = {}): Remediation =>
  aRemediation({
    name: `repaired-${hours}-hours-ago`,
    status: { phase: 'Healed', finishedAt: isoAt(NOW - hours * HOUR), repair: aRepairReport() },
    ...overrides,
  });
const verdict = (remediation: Remediation, ...others: readonly Remediation[]) =>
  notTooOften(aSituation({ remediation, now: at(NOW), world: { remediations: [...others, remediation] } }));

describe('a node that drifts again', () => {
  it('is left to a person after as many repairs within a day as the policy allows, whatever they began with', () => {
    const crash = repaired(20);
    expect(verdict(drift, crash, withDrift(repaired(2)))).toEqual({
      kind: 'end',
      ending: {
        phase: 'Refused',
        reason: 'RepairedTooOften',
        message:
          'The kubelet of node node-1 was repaired 2 times within the last 24 hours (repaired-20-hours-ago, repaired-2-hours-ago), and it is wrong again. Something on the node writes the wrong value each time.',
        advice: expect.stringContaining('kubectl annotate dnsrem drift dnshealth.io/acknowledged=true'),
        hold: false,
      },
    });
  });

  it('is left with what probably writes the wrong value, as the last repair found it', () => {
    const explained = repaired(2);
    explained.status.rewrittenBy.push({
      explanation: 'KubesprayRun',
      confidence: 'high',
      evidence: ['/etc/kubernetes/kubelet-config.yaml is a template of kubespray.'],
      change: [],
    });
    expect(verdict(drift, repaired(20), explained)).toMatchObject({
      ending: {
        message: expect.stringContaining(
          'It was probably KubesprayRun (confidence high): /etc/kubernetes/kubelet-config.yaml is a template of kubespray.',
        ),
      },
    });
  });

  it('is repaired again once that was acknowledged', () => {
    const refused = withDrift(
      aRemediation({
        name: 'refused',
        acknowledged: true,
        status: { phase: 'Refused', reason: 'RepairedTooOften', finishedAt: isoAt(NOW - HOUR) },
      }),
    );
    expect(verdict(drift, repaired(20), repaired(2), refused)).toBe(pass);
  });

  it.each([
    ['repairs more than a day ago', [repaired(2), repaired(25)]],
    ['repairs of other nodes', [repaired(2), repaired(1, { node: 'node-2' })]],
    [
      'incidents that changed nothing',
      [repaired(2), repaired(1, { status: { phase: 'Cancelled', finishedAt: isoAt(NOW - HOUR) } })],
    ],
  ])('is repaired: %s do not count', (_what, others) => {
    expect(verdict(drift, ...others)).toBe(pass);
  });
});

it('a pod that crashes does not wait for a person, however often its node was repaired', () => {
  expect(verdict(aRemediation({ name: 'crash' }), repaired(3), repaired(2), repaired(1))).toBe(pass);
});
