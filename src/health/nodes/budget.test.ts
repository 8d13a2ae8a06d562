import { describe, expect, it } from 'vitest';
import { byUrgency, type Candidate, nextTurn, PACE_MS } from './budget.ts';

const NOW = 1_000_000;
const candidate = (node: string, changes: Partial<Candidate> = {}): Candidate => ({
  node,
  uid: `uid-of-${node}`,
  why: 'Interval',
  at: NOW,
  policy: 'policy-1',
  hostsDNSPods: false,
  ...changes,
});
const idle = { running: 0, maxConcurrent: 5, lastStartAt: 0, now: NOW };

describe('of the nodes that are due', () => {
  it('comes first where something happened, then after repairs, then what is new, and last what is only due by time', () => {
    const nodes = [
      candidate('interval'),
      candidate('retry', { why: 'Retry' }),
      candidate('new', { why: 'FirstSeen' }),
      candidate('new-with-dns', { why: 'FirstSeen', hostsDNSPods: true }),
      candidate('repaired', { why: 'HourAfterRepair' }),
      candidate('restarted', { why: 'KubeletStarted' }),
      candidate('rebooted-before', { why: 'Rebooted', at: NOW - 5 }),
    ];
    expect(nodes.toSorted(byUrgency).map(({ node }) => node)).toEqual([
      'rebooted-before',
      'restarted',
      'repaired',
      'new-with-dns',
      'new',
      'retry',
      'interval',
    ]);
  });

  it('one is checked at once if nothing runs', () => {
    const first = candidate('node-1');
    expect(nextTurn([candidate('node-2'), first], idle)).toEqual({ kind: 'start', candidate: first });
  });

  it('none is checked while as many checks run as the policy allows', () => {
    expect(nextTurn([candidate('node-1')], { ...idle, running: 5 })).toEqual({ kind: 'wait', afterMs: null });
  });

  it('the next one is checked a moment after the one before', () => {
    expect(nextTurn([candidate('node-1')], { ...idle, lastStartAt: NOW - 100 })).toEqual({
      kind: 'wait',
      afterMs: PACE_MS - 100,
    });
  });
});

describe('while no node is due', () => {
  it('the first one that will be is waited for', () => {
    const later = [candidate('node-1', { at: NOW + 900 }), candidate('node-2', { at: NOW + 70 })];
    expect(nextTurn(later, idle)).toEqual({ kind: 'wait', afterMs: 70 });
  });

  it('and none will be, nothing is waited for', () => {
    expect(nextTurn([], idle)).toEqual({ kind: 'wait', afterMs: null });
  });
});
