import { describe, expect, it } from 'vitest';
import { ZodError } from 'zod';
import { aRawNode } from '../../test/support/objects/raw-objects.ts';
import { parseNode } from './node.ts';
import { parseNodeMark } from './node-mark.ts';

const record = {
  remediation: 'node-1-abc',
  strategy: 'Cordon',
  wasUnschedulable: false,
  since: '2026-03-01T12:00:01.000Z',
};
const annotated = (text: string) => ({ annotations: { 'dnshealth.io/quarantine': text } });

describe('a node at the border', () => {
  it('is Ready, schedulable and free, with the addresses that lead to it', () => {
    expect(parseNode(aRawNode())).toEqual({
      name: 'node-1',
      uid: 'uid-of-node-1',
      ready: true,
      excluded: false,
      quarantine: null,
      hasUnreadableRecord: false,
      managedPlatform: null,
      addresses: ['192.0.2.11', '198.51.100.11'],
      kubeletVersion: 'v1.34.4',
    });
  });

  it('is not Ready where the condition is false, unknown or missing', () => {
    for (const conditions of [
      [{ type: 'Ready', status: 'Unknown' }],
      [{ type: 'Ready', status: 'False' }],
      [],
      null,
    ])
      expect(parseNode(aRawNode({ status: { conditions } })).ready).toBe(false);
  });

  it('is excluded by the label with the value "true" and no other', () => {
    const excluded = (value: string) =>
      parseNode(aRawNode({ metadata: { labels: { 'dnshealth.io/exclude': value } } })).excluded;
    expect(['true', 'false', '', 'yes'].filter(excluded)).toEqual(['true']);
  });

  it('carries the record of who holds it', () => {
    const node = parseNode(aRawNode({ metadata: annotated(JSON.stringify(record)) }));
    expect(node).toMatchObject({ quarantine: record, hasUnreadableRecord: false });
  });

  it.each(['', 'yes', '{}', '[]', '{"remediation":""}', JSON.stringify({ ...record, strategy: 'Drain' })])(
    'says so where the record cannot be understood: %j',
    (text) => {
      const node = parseNode(aRawNode({ metadata: annotated(text) }));
      expect(node).toMatchObject({ quarantine: null, hasUnreadableRecord: true });
    },
  );

  it('refuses what is no node', () => {
    for (const raw of [
      null,
      'node',
      {},
      aRawNode({ metadata: { uid: 5 } }),
      aRawNode({ status: { nodeInfo: {} } }),
    ])
      expect(() => parseNode(raw)).toThrow(ZodError);
  });
});

describe('the mark of a node', () => {
  it('is read from metadata alone', () => {
    const { metadata } = aRawNode({ metadata: annotated(JSON.stringify(record)) });
    expect(parseNodeMark({ metadata })).toEqual({
      name: 'node-1',
      uid: 'uid-of-node-1',
      record,
      exclude: null,
    });
  });

  it('holds the exclude label whatever its value, since only "true" counts', () => {
    const marked = (value: string) => aRawNode({ metadata: { labels: { 'dnshealth.io/exclude': value } } });
    for (const value of ['true', 'yes', ''])
      expect(parseNodeMark(marked(value))).toMatchObject({ record: null, exclude: value });
  });

  it('is none on a node without our annotation, or with one that is not ours', () => {
    expect(parseNodeMark(aRawNode())).toBeNull();
    expect(parseNodeMark(aRawNode({ metadata: { annotations: null } }))).toBeNull();
    expect(parseNodeMark(aRawNode({ metadata: annotated('mine!') }))).toBeNull();
  });

  it('refuses what has no metadata', () => {
    expect(() => parseNodeMark({ spec: {} })).toThrow(ZodError);
  });
});
