import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { pageOf } from './page-of.ts';
import { recordFrom } from './read-record.ts';
import { parseRecord } from './record.ts';
import { renderHtml } from './render/html.ts';
import { aRawRecord, aRecord, REAL_FILE } from './testing/a-record.ts';
import { HOSTILE } from './testing/hostile.ts';
import { RECORDS } from './testing/records.ts';

const from = (text: string, name?: string) => recordFrom(text, 'x.yaml', name);
const raw = aRawRecord();
const other = aRawRecord({ metadata: { name: 'node-2-abc' } });
const page = renderHtml(pageOf(aRecord()));

describe('a record in a file', () => {
  it.each<[string, string]>([
    ['JSON', readFileSync(REAL_FILE, 'utf8')],
    ['YAML', stringify(raw)],
    ['a list of one', JSON.stringify({ apiVersion: 'v1', kind: 'List', items: [raw] })],
    [
      'a list as the API gives it',
      JSON.stringify({
        apiVersion: raw.apiVersion,
        kind: 'DNSRemediationList',
        items: [{ ...raw, apiVersion: undefined, kind: undefined }],
      }),
    ],
    ['a page that was made of it', page],
    ['what `-o json` prints', JSON.stringify({ title: 't', record: raw })],
  ])('is read from %s', (_what, text) => {
    expect(from(text)).toEqual(aRecord());
  });

  it('is found by its name in a list', () => {
    const list = JSON.stringify({ items: [raw, other] });
    expect(from(list, 'node-2-abc').metadata.name).toBe('node-2-abc');
    expect(() => from(list)).toThrow('x.yaml holds 2 objects: name one of node-1-7051cc67, node-2-abc');
    expect(() => from(list, 'node-3')).toThrow(
      'x.yaml does not hold node-3: it has node-1-7051cc67, node-2-abc',
    );
  });

  it.each<[string, string, RegExp]>([
    ['is binary', '\u007FELF\uFFFD\uFFFD', /holds no Kubernetes object/],
    ['is cut off', JSON.stringify(raw).slice(0, 900), /neither YAML nor JSON, or is cut off/],
    ['is YAML that is cut off', stringify(raw).slice(0, 700), /holds|cannot be read|cut off/],
    ['is a page that is cut off', page.slice(0, -9000), /without the record of an incident, or is cut off$/],
    ['is another page', '<!doctype html><title>x</title>', /without the record of an incident/],
    ['is a page with a damaged record', page.replace('&quot;spec&quot;:', ''), /whose record is damaged$/],
    [
      'is another kind',
      'apiVersion: apps/v1\nkind: Deployment',
      /holds an object of kind Deployment, not a DNSRemediation$/,
    ],
    ['is a namesake', 'apiVersion: example.com/v1\nkind: DNSRemediation', /not a DNSRemediation$/],
    ['is prose', 'hello world', /holds no Kubernetes object, not a DNSRemediation$/],
    ['is an empty list', 'items: []', /holds no DNSRemediation$/],
    [
      'is of a later version',
      JSON.stringify({ ...raw, apiVersion: 'dnshealth.io/v2' }),
      /version dnshealth.io\/v2, and this program reads dnshealth.io\/v1alpha1$/,
    ],
    [
      'has no node',
      JSON.stringify({ ...raw, spec: { ...raw.spec, node: undefined } }),
      /cannot be read: spec\.node/,
    ],
    [
      'has a phase of a later version',
      JSON.stringify({ ...raw, status: { phase: 'Pondering' } }),
      /cannot be read: status\.phase/,
    ],
    [
      'has a time that is none',
      JSON.stringify(aRawRecord({ metadata: { creationTimestamp: 'then' } })),
      /cannot be read: metadata\.creationTimestamp/,
    ],
    [
      'unfolds aliases',
      `a: &a [1,1,1,1,1,1,1,1,1]\n${Array.from({ length: 30 }, (_, i) => `k${i}: &k${i} [${Array.from({ length: 9 }, () => `*${i === 0 ? 'a' : `k${i - 1}`}`).join(',')}]`).join('\n')}`,
      /neither YAML nor JSON|no Kubernetes object/,
    ],
    ['is nested too deeply', '['.repeat(100_000), /neither YAML nor JSON/],
  ])('is refused in one sentence if the file %s', (_what, text, message) => {
    let error: unknown;
    try {
      from(text);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toHaveProperty('name', 'PluginError');
    expect((error as Error).message).toMatch(message);
    expect((error as Error).message).toMatch(/^x.yaml [^\n]{1,300}$/);
  });

  it('is read if it has fields of a later version, and without its evidence if that is of one', () => {
    const later = { ...raw, spec: { ...raw.spec, mood: 1 }, status: { ...raw.status, mood: { a: 1 } } };
    expect(from(JSON.stringify(later))).toEqual(aRecord());
    const { spec } = from(JSON.stringify(aRawRecord({ spec: { evidence: { log: 7 } } })));
    expect(spec.evidence).toBeUndefined();
  });

  it.each(Object.entries(RECORDS))('gives the same page again: %s', (_what, record) => {
    const made = renderHtml(pageOf(record));
    expect(renderHtml(pageOf(from(made)))).toBe(made);
  });

  it('comes out of a page byte for byte, whatever its texts are', () => {
    const record = aRecord({ status: { message: HOSTILE.join('\n').replaceAll('\0', '') } });
    expect(from(renderHtml(pageOf(record)))).toEqual(record);
    expect(parseRecord(JSON.parse(JSON.stringify(record)), 'x')).toEqual(record);
  });
});
