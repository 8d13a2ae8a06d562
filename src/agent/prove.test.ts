import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { proveRequestSchema } from '../api/agent-protocol.ts';
import { prove } from './prove.ts';

const request = proveRequestSchema.parse({
  verb: 'prove',
  nonce: 'n',
  remediation: 'r',
  known: {},
  acceptRisky: false,
  externalName: 'x.invalid',
});

function aResolvConf(text: string): string {
  const path = join(mkdtempSync(join(tmpdir(), 'dnshealth-prove-')), 'resolv.conf');
  writeFileSync(path, text);
  return path;
}

describe('a proof', () => {
  const two = 'nameserver 192.0.2.1\nnameserver 192.0.2.2\n';
  it.each([
    ['one of two answers', two, { '192.0.2.1': 'timeout', '192.0.2.2': 'NXDOMAIN' }, 'proven', 'Proven'],
    ['all are silent', two, { '192.0.2.1': 'timeout', '192.0.2.2': 'timeout' }, 'failed', 'NoServerAnswers'],
    ['they fail', two, { '192.0.2.1': 'SERVFAIL', '192.0.2.2': 'REFUSED' }, 'failed', 'NoServerAnswers'],
    ['it is the stub', 'nameserver 127.0.0.53\n', {}, 'failed', 'ResolvConfUnusable'],
    ['it is empty', '', {}, 'failed', 'ResolvConfUnusable'],
  ])('where %s', async (_name, text, answers, outcome, reason) => {
    const ask = async (server: string) => ({
      result: (answers as Record<string, string>)[server] ?? 'unasked',
      ms: 1,
    });
    const report = await prove(request, { resolvConfPath: aResolvConf(text), ask });
    expect(report).toMatchObject({ outcome, reason, nonce: 'n' });
    expect(report.answers.length).toBe(Object.keys(answers).length);
  });
});
