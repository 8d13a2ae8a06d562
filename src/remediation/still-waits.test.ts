import { describe, expect, it } from 'vitest';
import { aPolicySpec, aRemediation, aSituation, at, isoAt } from '../../test/support/objects/builders.ts';
import type { Phase } from '../api/remediation.ts';
import { mayBegin } from './safety.ts';
import { type Known, stillWaits } from './still-waits.ts';
import type { Remediation } from './world.ts';

const one = (node: number, phase: Phase, status: object = {}): Remediation =>
  aRemediation({ node: `node-${node}`, createdAt: at(node), status: { phase, ...status } });
const waiting = (node: number, reason = 'OtherNodeUnderRepair', message = '') =>
  one(node, 'Pending', { reason, message });
const busy = one(1, 'Repairing');
const line = Array.from({ length: 299 }, (_, index) => waiting(index + 2));
const known: Known = {
  policy: aPolicySpec(),
  remediations: [busy, ...line],
  slots: { 'policy-1': 1 },
  pauseOfAll: null,
  isStillSick: true,
  dnsMayServe: true,
  now: at(400),
};
const rests = (remediation: Remediation, more: Partial<Known> = {}) =>
  stillWaits(remediation, { ...known, ...more });

describe('an incident that waits for others', () => {
  const last = waiting(300);

  it('need not be read again while the caches show that its turn has not come', () => {
    expect(rests(last)).toBe(true);
  });

  it.each<[string, Remediation, Partial<Known>]>([
    ['its turn has come', waiting(2), { remediations: line }],
    ['its record does not say yet why it waits', one(300, 'Pending'), {}],
    ['it is under repair', busy, {}],
    ['its policy is gone', last, { policy: null }],
    ['its policy only observes', last, { policy: aPolicySpec({ mode: 'Observe' }) }],
    ['its pod is gone or has recovered', last, { isStillSick: false }],
    ['it waits for something that the caches do not show', waiting(300, 'NodeNotReady'), {}],
    ['its policy was paused', last, { policy: aPolicySpec({ pause: [{ reason: 'x', by: 'anna' }] }) }],
    ['all policies were paused', last, { pauseOfAll: { reason: 'x', by: 'anna' } }],
  ])('must be read if %s', (_what, remediation, more) => {
    expect(rests(remediation, more)).toBe(false);
  });
});

describe('an incident that waits for a person or for a time', () => {
  const failed = aRemediation({ node: 'node-7', status: { phase: 'RolledBack', finishedAt: isoAt(-9) } });
  const repaired = aRemediation({
    node: 'node-7',
    status: {
      phase: 'Healed',
      steps: [{ name: 'Quarantine', startedAt: isoAt(390) }],
      finishedAt: isoAt(395),
    },
  });
  const cases: readonly [string, Parameters<typeof aPolicySpec>[0], readonly Remediation[]][] = [
    ['Paused', { pause: [{ reason: 'upgrade', by: 'anna' }] }, []],
    ['CoolingDown', { limits: { coolDownSeconds: 60 } }, [repaired]],
    ['BreakerOpen', {}, [failed]],
    ['OutsideWindow', { maintenance: { windows: [{ cron: '0 22 * * *', duration: '1h' }] } }, []],
    ['RepairsPerHour', { limits: { perHour: 1 } }, [repaired]],
  ];

  it.each(cases)('because of %s rests while its record says the same', (reason, fields, others) => {
    const policy = aPolicySpec(fields);
    const pending = aRemediation({ status: { phase: 'Pending', reason } });
    const remediations = [...others, pending];
    const verdict = mayBegin(
      aSituation({ policy, remediation: pending, now: known.now, world: { remediations } }),
    );
    if (verdict.kind !== 'wait') throw new Error(`it does not wait: ${JSON.stringify(verdict)}`);
    const { message } = verdict;
    const recorded = { ...pending, status: { ...pending.status, message } };
    expect(verdict.reason).toBe(reason);
    expect(rests(recorded, { policy, remediations: [...others, recorded] })).toBe(true);
    // What it says is not true any more.
    expect(rests(pending, { policy, remediations })).toBe(false);
    // What it waited for is over.
    expect(rests(recorded, { policy: aPolicySpec(), remediations: [recorded] })).toBe(false);
  });

  it('is read at once when no DNS pod serves any more, and the policy lets what is urgent proceed', () => {
    const windows = [{ cron: '0 22 * * *', duration: '1h' }];
    const policy = aPolicySpec({ maintenance: { windows, urgent: 'Proceed' } });
    const message =
      'No maintenance window of the policy is open. The next one opens at 2026-03-01T22:00:00.000Z ("0 22 * * *", UTC).';
    const pending = waiting(2, 'OutsideWindow', message);
    expect(rests(pending, { policy, remediations: [pending] })).toBe(true);
    expect(rests(pending, { policy, remediations: [pending], dnsMayServe: false })).toBe(false);
  });
});
