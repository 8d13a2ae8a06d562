import { describe, expect, it } from 'vitest';
import { aRemediation, isoAt, withDrift } from '../../../test/support/objects/builders.ts';
import { createFollower } from './follow-incidents.ts';

describe('a watch of the incidents', () => {
  function follow() {
    const lines: string[] = [];
    const follower = createFollower({
      line: (text = '') => void lines.push(text),
      paint: (_style, text) => text,
    });
    return { ...follower, lines };
  }
  const ended = aRemediation({ name: 'old', status: { phase: 'Healed', finishedAt: isoAt(9) } });

  it('does not tell incidents that were over before it began', () => {
    const { see, fromNowOn, lines } = follow();
    see(ended);
    fromNowOn();
    see(ended);
    expect(lines).toEqual([]);
  });

  it('tells those that run from their beginning, and new ones to their end', () => {
    const { see, fromNowOn, lines } = follow();
    see(aRemediation({ name: 'new' }));
    fromNowOn();
    expect(lines.join('\n')).toContain('0.0 s  node-1  The DNS pod coredns-sick on node-1 crashed');
    see({ ...ended, name: 'new' });
    expect(lines.at(-1)).toMatch(/9\.0 s {2}node-1 {2}Healed/);
  });

  it('says why an incident waits, once for each reason', () => {
    const { see, fromNowOn, lines } = follow();
    fromNowOn();
    const waiting = (message: string) => see(aRemediation({ status: { message } }));
    waiting('Waiting for a slot.');
    waiting('Waiting for a slot.');
    waiting('Waiting for the node.');
    expect(lines.filter((line) => line.includes('Waiting'))).toEqual([
      '            node-1  Waiting for a slot.',
      '            node-1  Waiting for the node.',
    ]);
  });

  it('reports a drift that becomes an incident as it happens', () => {
    const { see, fromNowOn, lines } = follow();
    fromNowOn();
    see(withDrift(aRemediation({ name: 'drift' })));
    expect(lines[0]).toBe(
      '     0.0 s  node-1  A check found that the kubelet of node-1 gives new pods a resolv.conf that leads back to themselves.',
    );
  });
});
