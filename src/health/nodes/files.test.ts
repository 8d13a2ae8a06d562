import { describe, expect, it } from 'vitest';
import { isoAt } from '../../../test/support/objects/builders.ts';
import type { ComparedFiles, InspectReport } from '../../api/agent-protocol.ts';
import type { CheckReason } from '../../api/drift.ts';
import type { NodeCheckRecord } from '../../api/node-check-record.ts';
import { verdictOn } from '../../diagnosis/compared-files.ts';
import { afterInspection, isInspectionDue, pendingDrift } from './files.ts';

const FILE = '/etc/kubernetes/kubelet-config.yaml';
const compared = (changes: Partial<ComparedFiles> = {}): ComparedFiles => ({
  running: 'right',
  inFile: 'right',
  given: { path: '/etc/resolv.conf', class: 'ok', nameservers: ['192.0.2.1'] },
  changed: [FILE],
  ...changes,
});
const report = (changes: Partial<InspectReport> = {}): InspectReport => ({
  verb: 'inspect',
  nonce: 'n',
  outcome: 'would-change',
  reason: 'WouldChange',
  message: 'A repair would change it.',
  layout: 'kubespray',
  effective: { value: '/etc/resolv.conf', source: `${FILE}:4` },
  times: {},
  ...changes,
});
const reported = (changes: Partial<InspectReport> = {}) =>
  ({ kind: 'reported', report: report(changes) }) as const;

const checked = (why: CheckReason, changes: Partial<NodeCheckRecord> = {}): NodeCheckRecord => ({
  version: 1,
  check: {
    startedAt: isoAt(98),
    endedAt: isoAt(100),
    why,
    bootID: 'boot-1',
    kubeletVersion: 'v1.34.4',
    osImage: 'Debian',
    outcome: 'proven',
  },
  found: { verdict: 'proven', class: 'ok', nameservers: ['192.0.2.1'], at: isoAt(100) },
  failures: 0,
  condition: { reason: 'Proven', message: '', since: isoAt(0), writtenAt: isoAt(0) },
  ...changes,
});
const filesAt = (second: number) =>
  ({ at: isoAt(second), nonce: 'earlier', verdict: 'both-right', message: '' }) as const;

describe('an inspection of the files is due', () => {
  it.each<[string, boolean, NodeCheckRecord | null]>([
    ['after the first check that found the node right', true, checked('FirstSeen')],
    ['after each check at the interval', true, checked('Interval', { files: filesAt(50) })],
    ['where what was found is too old to act on', true, checked('Drifted', { files: filesAt(50) })],
    ['not again after that', false, checked('Interval', { files: filesAt(101) })],
    ['not after a check for another reason', false, checked('Rebooted', { files: filesAt(50) })],
    [
      'not where the running kubelet is wrong',
      false,
      checked('Interval', { found: { verdict: 'drifted', class: 'stub', nameservers: [], at: isoAt(100) } }),
    ],
    ['not before the node was checked', false, null],
  ])('%s', (_when, due, record) => {
    expect(isInspectionDue(record)).toBe(due);
  });
});

describe('what both sides show together', () => {
  const sides = ['right', 'wrong', 'unclear'] as const;
  it.each(
    sides.flatMap((running) =>
      sides.flatMap((inFile) => [true, false].map((hasChanged) => [running, inFile, hasChanged] as const)),
    ),
  )('kubelet %s, file %s, changed since its start: %s', (running, inFile, hasChanged) => {
    const verdict = verdictOn(compared({ running, inFile, changed: hasChanged ? [FILE] : [] }));
    const isPending = running === 'right' && inFile === 'wrong' && hasChanged;
    expect(verdict === 'wrong-in-file').toBe(isPending);
    const isClear = running !== 'unclear' && inFile !== 'unclear' && (running === inFile || hasChanged);
    expect(verdict !== 'unclear').toBe(isClear);
  });
});

describe('after an inspection', () => {
  it('that found both right, that is known, with when', () => {
    expect(
      afterInspection(undefined, reported({ compared: compared() }), { at: isoAt(9), nonce: 'n' }),
    ).toEqual({
      at: isoAt(9),
      nonce: 'n',
      verdict: 'both-right',
      message: 'The files of the kubelet and the running kubelet are right.',
      rightAt: isoAt(9),
    });
  });

  it('that found the file wrong, it is known where, and since when it may have been', () => {
    const end = reported({ compared: compared({ inFile: 'wrong' }) });
    const files = afterInspection({ ...filesAt(5), rightAt: isoAt(5) }, end, { at: isoAt(9), nonce: 'n' });
    expect(files).toMatchObject({
      verdict: 'wrong-in-file',
      file: { path: FILE, line: 4, value: '/etc/resolv.conf' },
      rightAt: isoAt(5),
    });
    expect(files.message).toBe(
      `${FILE}:4 sets resolvConf to /etc/resolv.conf, with which CoreDNS forwards queries to itself. The running kubelet does not use it yet: it takes effect when the kubelet is next started.`,
    );
    expect(pendingDrift({ ...checked('Interval'), files }, 'HostsDNSPods')).toMatchObject({
      kind: 'PendingInFile',
      file: { path: FILE, line: 4, value: '/etc/resolv.conf' },
      why: 'Interval',
      provenAt: isoAt(5),
      foundAt: isoAt(9),
    });
  });

  it('that found the file right under a wrong kubelet, it is called not yet in effect, which is no drift of its own', () => {
    const end = reported({ compared: compared({ running: 'wrong' }) });
    const files = afterInspection(undefined, end, { at: isoAt(9), nonce: 'n' });
    expect(files.verdict).toBe('right-in-file');
    expect(files.message).toContain(
      'which is right but not yet in effect: the kubelet has not been restarted since.',
    );
    expect(pendingDrift({ ...checked('Interval'), files }, 'HostsDNSPods')).toBeNull();
  });

  it.each<[string, Parameters<typeof afterInspection>[1]]>([
    ['left no report', { kind: 'failed', problem: 'The image cannot be pulled.' }],
    ['could not compare them', reported({ message: 'The unit is masked.' })],
    ['found both wrong', reported({ compared: compared({ running: 'wrong', inFile: 'wrong' }) })],
    ['found nothing certain', reported({ compared: compared({ inFile: 'unclear' }) })],
  ])('that %s, nothing is a drift, and when the files were right is still known', (_what, end) => {
    const files = afterInspection({ ...filesAt(5), rightAt: isoAt(5) }, end, { at: isoAt(9), nonce: 'n' });
    expect(files).toMatchObject({ at: isoAt(9), rightAt: isoAt(5) });
    expect(pendingDrift({ ...checked('Interval'), files }, 'HostsDNSPods')).toBeNull();
  });

  it.each<[string, object]>([
    [`--resolv-conf in /etc/kubernetes/kubelet.env:2`, { path: '/etc/kubernetes/kubelet.env', line: 2 }],
    ['built-in default', { path: FILE }],
  ])('names the file of %s', (source, place) => {
    const end = reported({
      compared: compared({ inFile: 'wrong' }),
      effective: { value: '/etc/resolv.conf', source },
    });
    expect(afterInspection(undefined, end, { at: isoAt(9), nonce: 'n' }).file).toMatchObject(place);
  });
});
