import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { checkReportSchema, checkRequestSchema, MAX_QUOTED_TEXT } from '../api/agent-protocol.ts';
import { check } from './check.ts';
import { fitReport } from './report.ts';

const request = checkRequestSchema.parse({
  verb: 'check',
  nonce: 'n',
  known: { clusterDNS: ['10.96.0.10'] },
  externalName: 'x.invalid',
});

function aResolvConf(text: string): string {
  const path = join(mkdtempSync(join(tmpdir(), 'dnshealth-check-')), 'resolv.conf');
  writeFileSync(path, text);
  return path;
}

const answering = (results: Readonly<Record<string, string>>) => async (server: string) => ({
  result: results[server] ?? 'timeout',
  ms: 1,
});

describe('a check', () => {
  const two = 'nameserver 192.0.2.1\nnameserver 192.0.2.2\n';
  it.each([
    ['one of two answers', two, { '192.0.2.2': 'NXDOMAIN' }, 'usable', 'ServerAnswers'],
    ['all are silent', two, {}, 'no-answer', 'NoServerAnswers'],
    [
      'they cannot resolve',
      two,
      { '192.0.2.1': 'SERVFAIL', '192.0.2.2': 'REFUSED' },
      'no-answer',
      'NoServerAnswers',
    ],
    ['it is given the stub', 'nameserver 127.0.0.53\n', {}, 'looping', 'ResolvConfUnusable'],
    ['it is given a loopback address', 'nameserver 127.0.0.1\n', {}, 'looping', 'ResolvConfUnusable'],
    ['it is given cluster DNS alone', 'nameserver 10.96.0.10\n', {}, 'looping', 'ResolvConfUnusable'],
    [
      'one of its servers is the stub',
      'nameserver 192.0.2.1\nnameserver 127.0.0.53\n',
      { '192.0.2.1': 'NXDOMAIN' },
      'may-loop',
      'ResolvConfUnusable',
    ],
    [
      'one of its servers is cluster DNS',
      'nameserver 10.96.0.10\nnameserver 192.0.2.1\n',
      { '192.0.2.1': 'NXDOMAIN' },
      'may-loop',
      'ResolvConfUnusable',
    ],
    ['it is given an empty file', '', {}, 'unusable', 'ResolvConfUnusable'],
    ['a line has no address', 'nameserver\n', {}, 'unusable', 'ResolvConfUnusable'],
  ])('where %s', async (_name, text, results, outcome, reason) => {
    const report = await check(request, { resolvConfPath: aResolvConf(text), ask: answering(results) });
    expect(report).toMatchObject({ outcome, reason, nonce: 'n', resolvConf: { text } });
  });

  it('says that the pod was given no file', async () => {
    const report = await check(request, { resolvConfPath: '/nonexistent/resolv.conf', ask: answering({}) });
    expect(report).toMatchObject({ outcome: 'unusable', resolvConf: { class: 'missing', nameservers: [] } });
    expect(report.resolvConf).not.toHaveProperty('text');
  });

  it('accepts a cluster-internal server beside an upstream that answers if that is asked for', async () => {
    const risky = aResolvConf('nameserver 10.96.0.10\nnameserver 192.0.2.1\n');
    const ask = answering({ '192.0.2.1': 'NOERROR' });
    const report = await check({ ...request, acceptRisky: true }, { resolvConfPath: risky, ask });
    expect(report).toMatchObject({ outcome: 'usable' });
  });

  it('asks each of its servers, also one that would loop, and cluster DNS only where it is told to', async () => {
    const resolvConfPath = aResolvConf('nameserver 127.0.0.53\n');
    const ask = answering({ '127.0.0.53': 'ECONNREFUSED', '10.96.0.10': 'NOERROR' });
    const stub = {
      server: '127.0.0.53',
      name: 'x.invalid',
      scope: 'External',
      result: 'ECONNREFUSED',
      ms: 1,
    };
    expect(await check(request, { resolvConfPath, ask })).toMatchObject({ answers: [stub] });
    const withCluster = await check({ ...request, clusterServers: ['10.96.0.10'] }, { resolvConfPath, ask });
    expect(withCluster.answers).toEqual([
      stub,
      {
        server: '10.96.0.10',
        name: 'kubernetes.default.svc.cluster.local',
        scope: 'Cluster',
        result: 'NOERROR',
        ms: 1,
      },
    ]);
  });

  it('does not take the answer of cluster DNS for that of an upstream', async () => {
    const ask = answering({ '10.96.0.10': 'NOERROR' });
    const report = await check(
      { ...request, clusterServers: ['10.96.0.10'] },
      { resolvConfPath: aResolvConf('nameserver 192.0.2.1\n'), ask },
    );
    expect(report).toMatchObject({ outcome: 'no-answer' });
  });

  it('quotes no secret', async () => {
    const resolvConfPath = aResolvConf('# token=abcdefgh\nnameserver 192.0.2.1\n');
    const { resolvConf } = await check(request, { resolvConfPath, ask: answering({}) });
    expect(resolvConf?.text).toBe('# token=[removed]\nnameserver 192.0.2.1\n');
  });

  it('quotes no more of a long file than a report can hold', async () => {
    const resolvConfPath = aResolvConf(`nameserver 192.0.2.1\nsearch ${'a.example '.repeat(5_000)}\n`);
    const report = await check(request, { resolvConfPath, ask: answering({}) });
    expect(report.resolvConf?.text).toHaveLength(MAX_QUOTED_TEXT);
    expect(checkReportSchema.parse(JSON.parse(fitReport(report)))).toEqual(report);
  });
});
