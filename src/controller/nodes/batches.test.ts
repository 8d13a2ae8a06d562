import { beforeEach, describe, expect, it } from 'vitest';
import type { AgentPod } from '../../observe/agent-run.ts';
import { type Batches, createBatches } from './batches.ts';

const MINUTE = 60_000;
const pod = (batch: string, isRead = true, deleting = false) =>
  ({ batch, deleting, isRead }) as unknown as AgentPod;
const isRead = (one: AgentPod): boolean => (one as unknown as { isRead: boolean }).isRead;

let now: number;
let batches: Batches;
beforeEach(() => {
  now = 0;
  batches = createBatches(() => now);
});

describe('a batch', () => {
  it('takes twenty checks', () => {
    const names = Array.from({ length: 41 }, () => batches.current());
    expect(new Set(names.slice(0, 20)).size).toBe(1);
    expect(new Set(names).size).toBe(3);
  });

  it('takes checks for a minute', () => {
    const first = batches.current();
    expect(batches.leftMs()).toBe(30_000);
    now += MINUTE - 1;
    expect(batches.current()).toBe(first);
    now += 1;
    expect(batches.current()).not.toBe(first);
  });

  it('is not removed while it may get another pod', () => {
    const open = batches.current();
    expect(batches.finished([pod(open)], isRead)).toEqual([]);
    now += MINUTE;
    expect(batches.finished([pod(open)], isRead)).toEqual([open]);
    expect(batches.leftMs()).toBeNull();
  });

  it('is left alone for half a minute after its last check, whose pod the cache may not show yet', () => {
    const name = batches.current();
    now += MINUTE - 1;
    batches.current();
    now += 1;
    expect(batches.finished([pod(name)], isRead)).toEqual([]);
    expect(batches.leftMs()).toBe(30_000 - 1);
    now += 30_000 - 1;
    expect(batches.finished([pod(name)], isRead)).toEqual([name]);
  });

  it('is not removed while one of its pods is not read', () => {
    expect(batches.finished([pod('a'), pod('a', false), pod('b')], isRead)).toEqual(['b']);
  });

  it('of a leader before this one is removed when it is read', () => {
    expect(batches.finished([pod('earlier')], isRead)).toEqual(['earlier']);
  });

  it('is asked for once, and again if its pods are still there after ten seconds', () => {
    expect(batches.finished([pod('a'), pod('a')], isRead)).toEqual(['a']);
    expect(batches.finished([pod('a')], isRead)).toEqual([]);
    now += 10_000;
    expect(batches.finished([pod('a')], isRead)).toEqual(['a']);
  });

  it('is not asked for while its pods are being deleted, and pods without one are left alone', () => {
    expect(batches.finished([pod('a', true, true), pod('')], isRead)).toEqual([]);
  });
});
