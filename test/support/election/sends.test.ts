import { describe, expect, it } from 'vitest';
import type { AuditedWrite } from '../apiserver/audit-log.ts';
import { judgeSends, leaseSendId, parseSend, type Send } from './sends.ts';

const MARGIN_MS = 500;

/** What two writers did, in the order of etcd. A leader may write for 1,000 ms after its claim, which holds for 1,500 ms. */
class Story {
  readonly audited: AuditedWrite[] = [];
  readonly sends: Send[] = [];
  #version = 0;
  #leaseVersion = 0;

  lease(
    by: string,
    atMs: number,
    options: { readonly holder?: string; readonly code?: number; readonly isCommitted?: boolean } = {},
  ): this {
    const { holder = by, code = 200 } = options;
    const { isCommitted = code === 200 } = options;
    const over = this.#leaseVersion;
    const spec = { holderIdentity: holder, renewTime: `${atMs}` };
    const body = { metadata: over === 0 ? {} : { resourceVersion: `${over}` }, spec };
    this.sends.push({ by, sends: 'lease', id: leaseSendId(spec), atMs });
    return this.#audit(by, { resource: 'leases', atMs, code, isCommitted, body });
  }

  write(
    by: string,
    atMs: number,
    options: { readonly code?: number; readonly recordedAtMs?: number | null } = {},
  ): this {
    const { code = 200, recordedAtMs = atMs } = options;
    const count = `${atMs}`;
    if (recordedAtMs !== null) this.sends.push({ by, sends: 'write', id: count, atMs: recordedAtMs });
    return this.#audit(by, {
      resource: 'configmaps',
      atMs,
      code,
      isCommitted: code === 200,
      body: { data: { count } },
    });
  }

  verdict() {
    return judgeSends({
      audited: this.audited,
      sends: this.sends,
      writerOf: ({ userAgent }) => userAgent,
      idOf: ({ body }) => body.data.count,
      marginMs: MARGIN_MS,
    });
  }

  #audit(
    by: string,
    what: Pick<AuditedWrite, 'resource' | 'code' | 'body'> & {
      readonly atMs: number;
      readonly isCommitted: boolean;
    },
  ): this {
    const { atMs, isCommitted, ...rest } = what;
    if (isCommitted) this.#version += 1;
    if (isCommitted && rest.resource === 'leases') this.#leaseVersion = this.#version;
    this.audited.push({
      ...rest,
      userAgent: by,
      credential: '',
      verb: 'patch',
      name: rest.resource,
      version: rest.code === 200 ? this.#version : undefined,
      receivedAt: atMs,
      answeredAt: atMs + 1,
    });
    return this;
  }
}

const a = 'writer-1';
const b = 'writer-2';
const well = { violations: [], heldBack: [] };

describe('the verdict on what the writers of an election sent', () => {
  it('accepts writes up to the margin before the next claim', () => {
    const story = new Story().lease(a, 0).write(a, 10).write(a, 999).lease(b, 1_500).write(b, 1_510);
    expect(story.verdict()).toEqual(well);
  });

  it('finds a write that the fence let through after its time, although no other one led yet', () => {
    const story = new Story().lease(a, 0).write(a, 10).write(a, 1_001).lease(b, 1_500).write(b, 1_510);
    expect(story.verdict().violations).toEqual(['writer-1 sent write 1001 1.000 ms too late']);
  });

  it('finds a write under another leader, refused or not', () => {
    for (const code of [200, 409, 504]) {
      const story = new Story().lease(a, 0).lease(b, 1_500).write(a, 1_600, { code }).write(b, 1_610);
      expect(story.verdict().violations).toEqual(['writer-1 sent write 1600 600.000 ms too late']);
    }
  });

  it('finds the second writer of a claim that was sent too early', () => {
    const story = new Story().lease(a, 0).write(a, 700).lease(b, 900).write(b, 910);
    expect(story.verdict().violations).toEqual(['writer-1 sent write 700 300.000 ms too late']);
  });

  it('counts apart a write that passed the fence in time and was held back', () => {
    const story = new Story().lease(a, 0).lease(b, 1_500).write(a, 1_600, { recordedAtMs: 900 });
    expect(story.verdict()).toEqual({
      violations: [],
      heldBack: ['writer-1: write 1600, version 3'],
    });
  });

  it('finds a write after a release, even if it was held back', () => {
    const release = new Story().lease(a, 0).lease(a, 800, { holder: '' });
    const late = release.write(a, 810, { recordedAtMs: 700 }).lease(b, 820);
    expect(late.verdict().violations).toEqual(['writer-1: write 810, version 3, arrived after the release']);
    const sent = new Story().lease(a, 0).lease(a, 800, { holder: '' }).write(a, 810);
    expect(sent.verdict().violations[0]).toBe('writer-1 sent write 810 10.000 ms too late');
  });

  it('lets a successor claim at once after a release', () => {
    const story = new Story()
      .lease(a, 0)
      .write(a, 799)
      .lease(a, 800, { holder: '' })
      .lease(b, 801)
      .write(b, 802);
    expect(story.verdict()).toEqual(well);
  });

  it('finds a write before the claim, one of a writer that never led, and one that passed no fence', () => {
    const story = new Story().write(a, 5).lease(a, 10).write(b, 20).write(a, 30, { recordedAtMs: null });
    expect(story.verdict().violations).toEqual([
      'writer-1 sent write 5 before its claim',
      'writer-2 sent write 20 and never held the lease',
      'writer-1: write 5, version 1, is in etcd before its term',
      'writer-1: write 30, version 4, was never sent through the fence',
    ]);
  });

  it('knows a claim that was committed although its answer was an error', () => {
    const story = new Story()
      .lease(a, 0)
      .write(a, 900)
      .lease(b, 1_300, { code: 504, isCommitted: true })
      .lease(b, 1_800)
      .write(b, 1_810);
    expect(story.verdict().violations).toEqual(['writer-1 sent write 900 100.000 ms too late']);
  });

  it('does not take a claim that was refused for a term', () => {
    const story = new Story().lease(a, 0).lease(b, 900, { code: 409 }).write(a, 950).lease(a, 960);
    expect(story.verdict()).toEqual(well);
  });

  it('throws where the audit log does not explain a version of the lease', () => {
    const story = new Story().lease(a, 0).write(a, 10).lease(b, 1_500);
    story.audited.shift();
    expect(() => story.verdict()).toThrow('no write in the audit log explains version');
  });
});

it('reads records of sending among the lines of a log', () => {
  const send = { sends: 'write', id: '7', atMs: 1.5 };
  expect(parseSend(a, JSON.stringify(send))).toEqual({ by: a, ...send });
  expect(parseSend(a, '{"level":"info"}')).toBeUndefined();
});
