import { describe, expect, it } from 'vitest';
import { afterCheck, type EndedCheck, type KnownOfChecks, NOTHING_KNOWN } from './after-check.ts';
import type { Judgement } from './judge.ts';

const iso = (minute: number): string => new Date(Date.UTC(2026, 2, 1, 12, minute)).toISOString();
const check = (minute: number, changes: Partial<EndedCheck> = {}): EndedCheck => ({
  startedAt: iso(minute),
  endedAt: iso(minute + 1),
  why: 'Interval',
  bootID: 'boot-1',
  kubeletVersion: 'v1.34.4',
  osImage: 'Debian GNU/Linux 13 (trixie)',
  ...changes,
});
const proven: Judgement = { kind: 'proven', file: { class: 'ok', nameservers: ['192.0.2.53'] }, message: '' };
const drifted: Judgement = {
  kind: 'drifted',
  file: { class: 'stub', nameservers: ['127.0.0.53'] },
  message: '',
};
const failed: Judgement = { kind: 'failed', problem: 'The image cannot be pulled.' };
const after = (
  known: KnownOfChecks,
  minute: number,
  judgement: Judgement,
  changes: Partial<EndedCheck> = {},
) => afterCheck(known, check(minute, changes), judgement);

describe('after a check', () => {
  it('that found the node well, that is known, with when', () => {
    expect(after(NOTHING_KNOWN, 0, proven)).toEqual({
      version: 1,
      check: { ...check(0), outcome: 'proven' },
      found: { verdict: 'proven', class: 'ok', nameservers: ['192.0.2.53'], at: iso(1) },
      failures: 0,
      provenAt: iso(1),
    });
  });

  it('what was found in the files is still known, until the kubelet was started again', () => {
    const files = { at: iso(2), nonce: 'n', verdict: 'wrong-in-file', message: 'x' } as const;
    const known = { ...after(NOTHING_KNOWN, 0, proven), files };
    expect(after(known, 20, proven).files).toEqual(files);
    expect(after(known, 20, failed).files).toEqual(files);
    expect(after(known, 20, proven, { kubeletStartedAt: iso(15) }).files).toBeUndefined();
  });

  it('that found a drift, it is still known when the node was last well', () => {
    const known = after(after(NOTHING_KNOWN, 0, proven), 20, drifted);
    expect(known).toMatchObject({ found: { verdict: 'drifted', class: 'stub' }, provenAt: iso(1) });
  });

  it('that failed, what was found before stays, and the failures are counted', () => {
    const known = after(after(after(NOTHING_KNOWN, 0, proven), 20, failed), 40, failed);
    expect(known).toMatchObject({
      check: { outcome: 'failed', problem: 'The image cannot be pulled.' },
      found: { verdict: 'proven', at: iso(1) },
      failures: 2,
      provenAt: iso(1),
    });
    expect(after(known, 60, proven).failures).toBe(0);
  });

  it.each([
    ['was rebooted', { bootID: 'boot-2' }],
    ['has another kubelet', { kubeletVersion: 'v1.35.0' }],
    ['has a kubelet that was started again', { kubeletStartedAt: iso(10) }],
  ])('that failed on a node that %s, nothing is known of it', (_what, changes) => {
    const known = after(after(NOTHING_KNOWN, 0, proven), 20, failed, changes);
    expect(known).not.toHaveProperty('found');
    expect(known.provenAt).toBe(iso(1));
  });

  it.each([
    ['was not known then', {}, { kubeletStartedAt: iso(-10) }],
    ['is not known any more', { kubeletStartedAt: iso(-10) }, {}],
    ['is the same', { kubeletStartedAt: iso(-10) }, { kubeletStartedAt: iso(-10) }],
  ])(
    'that failed, what was found before stays if the start of the kubelet before that %s',
    (_what, then, now) => {
      const known = after(after(NOTHING_KNOWN, 0, proven, then), 20, failed, now);
      expect(known).toMatchObject({ found: { verdict: 'proven', at: iso(1) } });
    },
  );
});
