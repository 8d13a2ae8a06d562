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
  it('is Ready and not held, with its IP addresses', () => {
    expect(parseNode(aRawNode())).toEqual({
      name: 'node-1',
      uid: 'uid-of-node-1',
      ready: true,
      unschedulable: false,
      labels: {},
      excluded: false,
      excludedBecause: null,
      tainted: false,
      controlPlane: false,
      quarantine: null,
      checks: null,
      hasUnreadableRecord: false,
      managedPlatform: null,
      owner: null,
      addresses: ['192.0.2.11', '198.51.100.11'],
      system: {
        kubeletVersion: 'v1.34.4',
        osImage: 'Debian GNU/Linux 13 (trixie)',
        kernelVersion: '6.12.48',
        containerRuntimeVersion: 'containerd://2.1.4',
        bootID: '3b2e5a7c',
      },
    });
  });

  it('is not Ready if the condition is False, Unknown or missing', () => {
    for (const conditions of [
      [{ type: 'Ready', status: 'Unknown' }],
      [{ type: 'Ready', status: 'False' }],
      [],
      null,
    ])
      expect(parseNode(aRawNode({ status: { conditions } })).ready).toBe(false);
  });

  it('is excluded only by the label value "true"', () => {
    const excluded = (value: string) =>
      parseNode(aRawNode({ metadata: { labels: { 'dnshealth.io/exclude': value } } })).excluded;
    expect(['true', 'false', '', 'yes'].filter(excluded)).toEqual(['true']);
  });

  it.each(['control-plane', 'master'])(
    'is of the control plane with the role %s, which has no value',
    (role) => {
      const labels = { [`node-role.kubernetes.io/${role}`]: '' };
      expect(parseNode(aRawNode({ metadata: { labels } })).controlPlane).toBe(true);
    },
  );

  it('has the record of the remediation that holds it', () => {
    const node = parseNode(aRawNode({ metadata: annotated(JSON.stringify(record)) }));
    expect(node).toMatchObject({ quarantine: record, hasUnreadableRecord: false });
  });

  it.each(['', 'yes', '{}', '[]', '{"remediation":""}', JSON.stringify({ ...record, strategy: 'Drain' })])(
    'is marked if its record cannot be parsed: %j',
    (text) => {
      const node = parseNode(aRawNode({ metadata: annotated(text) }));
      expect(node).toMatchObject({ quarantine: null, hasUnreadableRecord: true });
    },
  );

  it('belongs to its owner by label, annotation, version or operating system', () => {
    const owned = parseNode(
      aRawNode({ metadata: { annotations: { 'rke.cattle.io/internal-ip': '192.0.2.7' } } }),
    );
    expect(owned).toMatchObject({ owner: 'RKE', managedPlatform: { platform: 'RKE' } });
    const kops = parseNode(aRawNode({ metadata: { labels: { 'kops.k8s.io/instancegroup': 'nodes' } } }));
    expect(kops).toMatchObject({ owner: 'kOps', managedPlatform: null });
  });

  it('rejects what is not a node', () => {
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

describe('the marks of a node', () => {
  it('are read from metadata alone', () => {
    const { metadata } = aRawNode({ metadata: annotated(JSON.stringify(record)) });
    expect(parseNodeMark({ metadata })).toEqual({
      name: 'node-1',
      uid: 'uid-of-node-1',
      text: JSON.stringify(record),
      record,
      exclude: null,
    });
  });

  it('include the exclude label with any value', () => {
    const marked = (value: string) => aRawNode({ metadata: { labels: { 'dnshealth.io/exclude': value } } });
    for (const value of ['true', 'yes', ''])
      expect(parseNodeMark(marked(value))).toMatchObject({ record: null, exclude: value });
  });

  it('are null for a node without our annotation and label', () => {
    expect(parseNodeMark(aRawNode())).toBeNull();
    expect(parseNodeMark(aRawNode({ metadata: { annotations: null } }))).toBeNull();
  });

  it.each(['mine!', JSON.stringify({ ...record, version: 2 })])(
    'include an annotation that cannot be read, because it must not stay for ever: %s',
    (text) => {
      expect(parseNodeMark(aRawNode({ metadata: annotated(text) }))).toMatchObject({ text, record: null });
    },
  );

  it('are not read from an object without metadata', () => {
    expect(() => parseNodeMark({ spec: {} })).toThrow(ZodError);
  });
});

describe('what others may change on a quarantined or excluded node', () => {
  it('is read as it is: our taint, and why the node is excluded', () => {
    const node = parseNode(
      aRawNode({
        metadata: { annotations: { 'dnshealth.io/exclude-reason': 'back: as anna asked' } },
        spec: { taints: [{ key: 'dnshealth.io/quarantine', effect: 'NoSchedule' }, { key: 'other' }] },
      }),
    );
    expect(node).toMatchObject({ tainted: true, excludedBecause: 'back: as anna asked' });
  });
});
