import { describe, expect, it } from 'vitest';
import {
  aRemediation,
  aRepairReport,
  aSituation,
  isoAt,
  withDrift,
} from '../../../test/support/objects/builders.ts';
import type { RepairReport } from '../../api/agent-protocol.ts';
import { pass } from '../verdict.ts';
import { survey } from './survey.ts';

const kubelet = { pidBefore: 10, pidAfter: 20, restarts: 1, active: true, startedBefore: isoAt(-600) };
const rewritten = {
  path: '/etc/kubernetes/kubelet-config.yaml',
  mtime: isoAt(-700),
  ctime: isoAt(-700),
  owner: '0:0',
  mode: '0600',
  neighbours: [],
  more: 0,
};
const repaired = (overrides: Partial<RepairReport> = {}) =>
  aRemediation({ status: { phase: 'Verifying', repair: aRepairReport({ kubelet, ...overrides }) } });
const surveyed = (remediation = repaired()) => survey(aSituation({ remediation }));
const asked = (period: object) => ({ kind: 'act', effect: { kind: 'survey', until: isoAt(4), ...period } });

describe('after a repair', () => {
  it('asks once for the pods of the node that are older than the repaired kubelet', () => {
    expect(surveyed()).toEqual(asked({}));
    const done = repaired();
    expect(
      surveyed({ ...done, status: { ...done.status, otherPods: { total: 0, pods: [], message: 'None.' } } }),
    ).toBe(pass);
  });

  it('leaves out pods from before the wrong kubelet, if that one is known to have been right', () => {
    const since = isoAt(-600);
    expect(surveyed(withDrift(repaired(), { provenAt: isoAt(-3600) }))).toEqual(asked({ since }));
    expect(surveyed(repaired({ rewritten: { ...rewritten, sinceRepair: 'node-1-abc' } }))).toEqual(
      asked({ since }),
    );
    expect(surveyed(repaired({ rewritten }))).toEqual(asked({}));
  });
});

describe('where nothing was changed', () => {
  it.each<[string, Partial<RepairReport>]>([
    ['the kubelet had the target already', { outcome: 'already-right' }],
    ['the kubelet was right and only the DNS pod was old', { outcome: 'refused', reason: 'CurrentIsUsable' }],
  ])('does not ask: %s', (_what, overrides) => {
    expect(surveyed(repaired(overrides))).toBe(pass);
  });
});
