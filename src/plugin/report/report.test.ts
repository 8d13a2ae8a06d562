import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { fakeKube, kubeError } from '../../../test/support/objects/fake-kube.ts';
import { runPlugin } from '../../../test/support/objects/run-plugin.ts';
import { KubeError } from '../../kube/errors.ts';
import { aRawRecord } from './testing/a-record.ts';

const PATH = '/apis/dnshealth.io/v1alpha1/dnsremediations';
const raw = aRawRecord();
const NAME = 'node-1-7051cc67';
/** As the API server says it. */
const notFound = (name: string): KubeError =>
  new KubeError({
    code: 404,
    reason: 'NotFound',
    verb: 'get',
    what: `dnsremediations/${name}`,
    message: `dnsremediations.dnshealth.io "${name}" not found`,
  });
const cluster = () =>
  fakeKube({
    [`${PATH}/${NAME}`]: raw,
    [PATH]: { items: [raw, aRawRecord({ metadata: { name: 'node-2-0a1b2c3d' } })] },
    ...Object.fromEntries([`${NAME}x`, 'node-2', 'zzz'].map((name) => [`${PATH}/${name}`, notFound(name)])),
  });
const folder = mkdtempSync(join(tmpdir(), 'dnshealth-report-'));
afterAll(() => rmSync(folder, { recursive: true }));
const file = (name: string, text: string): string => {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
};
const saved = file('saved.json', JSON.stringify(raw));

describe('report', () => {
  it('writes the page of an incident in the cluster', async () => {
    const { code, out, err } = await runPlugin(`report ${NAME}`, { cluster: cluster() });
    expect([code, err]).toEqual([0, '']);
    expect(out).toMatch(/^<!doctype html>/);
  });

  it('writes the same page from a file, and from a page, without a cluster', async () => {
    const connect = () => Promise.reject(new Error('there is no cluster'));
    const fromCluster = await runPlugin(`report ${NAME}`, { cluster: cluster() });
    const fromFile = await runPlugin(`report --from ${saved}`, { connect });
    const fromPage = await runPlugin(`report --from ${file('page.html', fromFile.out)}`, { connect });
    expect(fromFile.out).toBe(fromCluster.out);
    expect(fromPage.out).toBe(fromCluster.out);
  });

  it('writes Markdown and JSON', async () => {
    expect((await runPlugin(`report --from ${saved} -o md`)).out).toMatch(
      /^# DNS incident `node-1-7051cc67`\n/,
    );
    const json = JSON.parse((await runPlugin(`report --from ${saved} -o json`)).out) as object;
    expect(json).toMatchObject({
      badge: { text: 'Healed: it is over' },
      record: { metadata: { name: NAME } },
    });
  });

  it('replaces names with --redact, also in the record that it embeds', async () => {
    const { out } = await runPlugin(`report --from ${saved} --redact`);
    expect(out).not.toMatch(/node-1\b|10\.214\./);
    const again = await runPlugin(`report --from ${file('redacted.html', out)}`);
    expect(again.out).toBe(out);
  });

  it.each<[string, string, string]>([
    [`report ${NAME}x`, 'a near name', `there is no DNSRemediation ${NAME}x: did you mean ${NAME}?`],
    [
      'report node-2',
      'the beginning of a name',
      'there is no DNSRemediation node-2: did you mean node-2-0a1b2c3d?',
    ],
    ['report zzz', 'no name at all', 'there is no DNSRemediation zzz; kubectl dnshealth history lists all'],
    ['report', 'nothing', 'name a DNSRemediation, or a file with --from'],
    ['report --from /does/not/exist', 'no file', '/does/not/exist does not exist'],
    [`report --from ${folder}`, 'a folder', `${folder} is a directory`],
    [`report --from ${file('empty', '')}`, 'an empty file', `${folder}/empty is empty`],
    [`report --from ${saved} node-9`, 'another name', `${saved} does not hold node-9: it has ${NAME}`],
  ])('%s ends with one sentence and exit code 2: %s', async (command, _what, sentence) => {
    const { code, out, err } = await runPlugin(command, { cluster: cluster() });
    expect([code, out]).toEqual([2, '']);
    expect(err.trim().split('\n')).toHaveLength(1);
    expect(err).toContain(sentence);
  });

  it('does not read a file of 100 MB to its end, nor an endless one', async () => {
    const large = file('large', 'kind: DNSRemediation\n');
    appendFileSync(large, '# '.repeat(50_000_000));
    const tooLarge = await runPlugin(`report --from ${large}`);
    expect(tooLarge).toMatchObject({
      code: 2,
      err: expect.stringContaining('is larger than 8 MiB, which no record'),
    });
    const endless = await runPlugin('report --from /dev/zero');
    expect(endless).toMatchObject({
      code: 2,
      err: expect.stringContaining('/dev/zero is not a regular file'),
    });
  });

  it('names the missing permission, and an operator that is not installed', async () => {
    const forbidden = await runPlugin(`report ${NAME}`, {
      cluster: fakeKube({ [`${PATH}/${NAME}`]: kubeError(403, 'Forbidden') }),
    });
    expect(forbidden).toMatchObject({ code: 2, out: '', err: expect.stringContaining('no permission to') });
    const missing = await runPlugin(`report ${NAME}`, { cluster: fakeKube() });
    expect(missing).toMatchObject({ code: 2, err: expect.stringContaining('the operator is not installed') });
  });
});
