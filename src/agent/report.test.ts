import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  agentReportSchema,
  type CheckReport,
  type GuardReport,
  type InspectReport,
  MAX_REPORT_BYTES,
  type RepairReport,
  type RollbackReport,
} from '../api/agent-protocol.ts';
import { fitReport } from './report.ts';
import { type Run, runAgent } from './run-agent.ts';

const REPAIRED: RepairReport = {
  verb: 'repair',
  nonce: 'n',
  outcome: 'repaired',
  reason: 'Repaired',
  message: 'm',
  nodeUnchanged: false,
  layout: 'kubespray',
  times: {},
};
/** Of one line, with a diff that is only shown. */
const CHANGE = {
  path: '/p',
  line: 1,
  before: 'a',
  after: 'b',
  sha256Before: 'a'.repeat(64),
  sha256After: 'b'.repeat(64),
  backup: '/b',
  diff: '-a\n+b\n',
};
const { diff: _diff, ...WITHOUT_DIFF } = CHANGE;
const ROLLED_BACK: RollbackReport = {
  verb: 'rollback',
  nonce: 'n',
  outcome: 'rolled-back',
  reason: 'RolledBack',
  message: 'A rollback was requested.',
  nodeUnchanged: false,
  times: {},
};
const KEPT: GuardReport = {
  verb: 'guard',
  nonce: 'n',
  outcome: 'kept',
  reason: 'Kept',
  message: 'm',
  nodeUnchanged: false,
  times: {},
};
const USABLE: CheckReport = {
  verb: 'check',
  nonce: 'n',
  outcome: 'usable',
  reason: 'ServerAnswers',
  message: '',
  answers: [],
};

const WOULD_CHANGE: InspectReport = {
  verb: 'inspect',
  nonce: 'by-hand',
  outcome: 'would-change',
  reason: 'WouldChange',
  message: 'm',
  layout: 'kubeadm',
  diff: '-a\n+b\n',
  times: {},
};

describe('fitReport', () => {
  it('returns a valid report that fits, whatever the texts are', () => {
    const text = fc.string({ maxLength: 6000, unit: 'binary' });
    const details = fc.check(
      fc.property(text, text, text, text, (message, advice, before, after) => {
        const change = {
          path: '/p',
          line: 1,
          before,
          after,
          sha256Before: 'a'.repeat(64),
          sha256After: 'b'.repeat(64),
          backup: '/b',
        };
        const json = fitReport({ ...REPAIRED, message, advice, change });
        const read = agentReportSchema.parse(JSON.parse(json));
        return (
          Buffer.byteLength(json) <= MAX_REPORT_BYTES &&
          read.verb === 'repair' &&
          read.change?.sha256After === change.sha256After
        );
      }),
    );
    expect(details.counterexample).toBeNull();
  });

  it('drops what is only shown before it cuts what is acted on', () => {
    const graded = { path: '/p', class: 'stub' as const, nameservers: [], text: 'nameserver 127.0.0.53' };
    const message = 'm'.repeat(3300);
    const json = fitReport({
      ...REPAIRED,
      message,
      change: { ...CHANGE, diff: 'd'.repeat(500) },
      current: graded,
    });
    expect(JSON.parse(json)).toEqual({
      ...REPAIRED,
      message,
      change: WITHOUT_DIFF,
      current: { path: '/p', class: 'stub', nameservers: [] },
    });
    expect(JSON.parse(fitReport({ ...REPAIRED, change: CHANGE, current: graded }))).toMatchObject({
      change: CHANGE,
      current: graded,
    });
  });

  it('gives up the farther traces of who wrote the file first, and all of them before it cuts a text', () => {
    const changedAt = '2026-01-01T00:00:00.000Z';
    const rewritten = {
      path: '/p',
      mtime: changedAt,
      ctime: changedAt,
      owner: '0:0',
      mode: '0600',
      neighbours: Array.from({ length: 8 }, (_, n) => ({ path: `/etc/kubernetes/file-${n}`, changedAt })),
      more: 2,
    };
    const report = { ...REPAIRED, message: '', change: CHANGE, rewritten };
    const bare = { ...report, change: WITHOUT_DIFF, rewritten: { ...rewritten, neighbours: [], more: 10 } };
    const fitted = (message: string): unknown => JSON.parse(fitReport({ ...report, message }));
    /** Fills such a report to the last byte. */
    const filling = (one: object): string => 'm'.repeat(MAX_REPORT_BYTES - JSON.stringify(one).length);

    const tooLong = `${filling(report)}m`;
    const three = rewritten.neighbours.slice(0, 3);
    expect(fitted(tooLong)).toEqual({
      ...report,
      message: tooLong,
      rewritten: { ...rewritten, neighbours: three, more: 7 },
    });
    const longest = filling(bare);
    expect(fitted(longest)).toEqual({ ...bare, message: longest });
  });

  it('does not change a report that fits', () => {
    expect(JSON.parse(fitReport(REPAIRED))).toEqual(REPAIRED);
  });
});

describe('runAgent', () => {
  const path = join(mkdtempSync(join(tmpdir(), 'dnshealth-report-')), 'termination-log');
  let hasSaidEnded = false;
  const run = async (request: string | undefined, change: Partial<Run> = {}) => {
    writeFileSync(path, '');
    hasSaidEnded = false;
    const code = await runAgent({
      request,
      reportPath: path,
      started: '2026-01-01T00:00:00.000Z',
      log: () => undefined,
      repair: async () => REPAIRED,
      inspect: async () => WOULD_CHANGE,
      rollback: async () => ROLLED_BACK,
      guard: async () => KEPT,
      check: async () => USABLE,
      sayEnded: () => {
        hasSaidEnded = true;
      },
      ...change,
    });
    return { code, report: agentReportSchema.parse(JSON.parse(readFileSync(path, 'utf8'))) };
  };
  const repair = JSON.stringify({
    verb: 'repair',
    nonce: 'n',
    remediation: 'r',
    targets: ['/run/systemd/resolve/resolv.conf'],
    acceptRisky: false,
    replaceEmptyValue: false,
    known: {},
    externalName: 'x.invalid',
    writable: ['/etc/kubernetes'],
  });
  const check = JSON.stringify({ verb: 'check', nonce: 'n', externalName: 'x.invalid' });

  it.each([
    ['repaired', 0],
    ['already-right', 0],
    ['refused', 0],
    ['rolled-back', 1],
    ['failed', 1],
  ] as const)('exits after %s with code %i', async (outcome, code) => {
    expect(await run(repair, { repair: async () => ({ ...REPAIRED, outcome }) })).toMatchObject({
      code,
      report: { outcome },
    });
  });

  it('exits with 0 after a check that found the node usable and with 1 after any other', async () => {
    expect(await run(check)).toMatchObject({ code: 0 });
    expect(await run(check, { check: async () => ({ ...USABLE, outcome: 'looping' }) })).toMatchObject({
      code: 1,
    });
  });

  it('exits with 0 after a rollback that rolled back', async () => {
    const request = '{"verb":"rollback","nonce":"n","remediation":"node-1-back","of":"node-1-abc"}';
    expect(await run(request)).toEqual({ code: 0, report: ROLLED_BACK });
    // Its guard waits for that.
    expect(hasSaidEnded).toBe(true);
  });

  it.each([
    ['kept', 0],
    ['nothing-to-guard', 0],
    ['rolled-back', 1],
    ['failed', 1],
  ] as const)('exits after a guard that reports %s with code %i', async (outcome, code) => {
    const request = '{"verb":"guard","nonce":"n","remediation":"node-1-abc"}';
    expect(await run(request, { guard: async () => ({ ...KEPT, outcome }) })).toMatchObject({
      code,
      report: { outcome },
    });
    expect(hasSaidEnded).toBe(false);
  });

  it('says to its guard that it ends, whatever came of a repair', async () => {
    for (const [request, change] of [
      [repair, {}],
      [repair, { repair: async () => Promise.reject(new Error('boom')) }],
      ['{', {}],
    ] as const) {
      await run(request, change);
      expect(hasSaidEnded).toBe(true);
    }
    await expect(run(repair, { reportPath: '/nonexistent/report' })).rejects.toThrow('ENOENT');
    expect(hasSaidEnded).toBe(true);
  });

  it('accepts a dry run and a check with nothing but the verb', async () => {
    expect(await run('{"verb":"inspect"}')).toEqual({ code: 0, report: WOULD_CHANGE });
    expect(await run('{"verb":"check"}')).toEqual({ code: 0, report: USABLE });
  });

  it.each([
    ['nothing', undefined, { verb: 'repair', nonce: '' }],
    ['invalid JSON', '{', { verb: 'repair', nonce: '' }],
    [
      'a path that is not a valid target',
      repair.replace('/run/systemd/resolve/', '/tmp/'),
      { verb: 'repair', nonce: 'n' },
    ],
    [
      'a dry run with a path that is not a valid target',
      '{"verb":"inspect","targets":["/tmp/x"]}',
      { verb: 'inspect' },
    ],
    ['a check without a name to ask for', check.replace('x.invalid', ''), { verb: 'check', nonce: 'n' }],
    ['an endless nonce', JSON.stringify({ nonce: 'n'.repeat(9999) }), { nonce: 'n'.repeat(64) }],
  ])('reports an invalid request: %s', async (_name, request, expected) => {
    expect(await run(request)).toMatchObject({
      code: 1,
      report: { outcome: 'failed', reason: 'InvalidRequest', ...expected },
    });
  });

  it('reports an unexpected error', async () => {
    const report = await run(repair, { repair: async () => Promise.reject(new Error('boom')) });
    expect(report).toMatchObject({
      code: 1,
      report: { outcome: 'failed', reason: 'InternalError', message: 'Unexpected error: boom.' },
    });
  });
});
