import { describe, expect, it } from 'vitest';
import {
  aPolicySpec,
  aRemediation,
  aRepairReport,
  aSituation,
  at,
  isoAt,
} from '../../../test/support/objects/builders.ts';
import type { RemediationStatus } from '../../api/remediation.ts';
import { pass } from '../verdict.ts';
import type { Remediation } from '../world.ts';
import { breakerClosed } from './breaker-closed.ts';
import { canaryWatched } from './canary-watched.ts';

const repaired = (node: string, began: number, ended: number, status: Partial<RemediationStatus> = {}) =>
  aRemediation({
    node,
    status: {
      phase: 'Healed',
      steps: [{ name: 'Quarantine', startedAt: isoAt(-began) }],
      repair: aRepairReport(),
      finishedAt: isoAt(-ended),
      ...status,
    },
  });
const situation = (others: readonly Remediation[], watchSeconds = 60) => {
  const remediation = aRemediation({ node: 'node-3' });
  return aSituation({
    policy: aPolicySpec({ canary: { watchSeconds } }),
    remediation,
    now: at(0),
    world: { remediations: [...others, remediation] },
  });
};
const canary = repaired('node-1', 30, 20);

describe('the second repair of a rollout', () => {
  it('waits until the first node was watched for long enough; the message names it', () => {
    expect(canaryWatched(situation([canary]))).toMatchObject({
      kind: 'wait',
      reason: 'CanaryWatched',
      message: expect.stringContaining('Node node-1 (node-1-incident) was the first'),
      recheckMs: 40_000,
    });
    expect(canaryWatched(situation([repaired('node-1', 70, 60)]))).toEqual(pass);
  });

  it('does not wait where the policy wants no watch', () => {
    expect(canaryWatched(situation([canary], 0))).toEqual(pass);
  });
});

describe('no repair waits', () => {
  it.each<[string, readonly Remediation[]]>([
    ['that is the first itself', []],
    ['after one that found nothing to change', [repaired('node-1', 30, 20, { phase: 'Refused' })]],
    ['for a later node of the rollout', [repaired('node-1', 900, 800), repaired('node-2', 30, 20)]],
  ])('%s', (_what, others) => {
    expect(canaryWatched(situation(others))).toEqual(pass);
  });
});

it.each<[string, readonly Remediation[]]>([
  ['a day after the last rollout', [repaired('node-1', 90_000, 89_000)]],
  [
    'after a repair that went wrong, and was acknowledged,',
    [
      repaired('node-1', 900, 800),
      { ...repaired('node-2', 700, 600, { phase: 'RolledBack' }), acknowledged: true },
    ],
  ],
])('%s there is a first node again, which is watched', (_when, before) => {
  expect(canaryWatched(situation([...before, repaired('node-4', 30, 20)]))).toMatchObject({
    reason: 'CanaryWatched',
    message: expect.stringContaining('Node node-4'),
  });
});

describe('where a DNS pod of the first node fails again while that is watched,', () => {
  const again = (seconds: number, status: Partial<RemediationStatus> = {}) =>
    aRemediation({ name: 'again', uid: 'again', createdAt: at(-seconds), status });

  it('the breaker opens, and says so', () => {
    expect(breakerClosed(situation([canary, again(10)]))).toMatchObject({
      reason: 'BreakerOpen',
      message: expect.stringContaining(
        'The first repair of the rollout, of node node-1, did not last: a DNS pod there failed again while it was watched (again).',
      ),
    });
  });

  it('closes again once that repair is acknowledged, and nothing is watched any more', () => {
    const after = situation([{ ...canary, acknowledged: true }, again(10)]);
    expect([breakerClosed(after), canaryWatched(after)]).toEqual([pass, pass]);
  });

  it.each<[string, readonly Remediation[], number]>([
    ['later than it was watched', [repaired('node-1', 90, 80), again(10)], 60],
    ['and recovers by itself', [canary, again(10, { phase: 'Cancelled' })], 60],
    ['and it was not the first node', [repaired('node-0', 900, 800), canary, again(10)], 60],
  ])('but it stays closed if it fails %s', (_what, others, watchSeconds) => {
    expect(breakerClosed(situation(others, watchSeconds))).toEqual(pass);
  });
});
