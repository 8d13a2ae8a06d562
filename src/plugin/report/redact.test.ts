import { describe, expect, it } from 'vitest';
import { anInspectReport } from '../../../test/support/objects/agent-jobs.ts';
import { pageOf } from './page-of.ts';
import { parseRecord, type StoredRecord } from './record.ts';
import { redact } from './redact.ts';
import { renderHtml } from './render/html.ts';
import { renderMarkdown } from './render/markdown.ts';
import { aRawRecord, aRecord } from './testing/a-record.ts';
import { RECORDS } from './testing/records.ts';

const LOOPBACK = /\b127\.0\.0\.(1|53)\b/;
const message = (text: string, parts: Parameters<typeof aRecord>[0] = {}): string =>
  redact(aRecord({ ...parts, status: { ...parts?.status, message: text } })).status.message ?? '';

describe('a redacted record', () => {
  it.each(Object.entries(RECORDS))(
    'has no name and no address of the cluster left, in any form of its page: %s',
    (_name, record) => {
      const page = pageOf(redact(record));
      for (const text of [renderHtml(page), renderMarkdown(page), JSON.stringify(redact(record))]) {
        expect(text).not.toMatch(/node-[12]\b|10\.214\.|69c67c75fc|8d3c771f|048c355c-/);
        expect(LOOPBACK.test(text)).toBe(LOOPBACK.test(JSON.stringify(record)));
      }
    },
  );

  it('can still be read, and says the same', () => {
    for (const record of Object.values(RECORDS)) {
      const again = parseRecord(JSON.parse(JSON.stringify(redact(record))), 'x');
      expect(again.status.phase).toBe(record.status.phase);
      expect(pageOf(again).figures.map(({ value }) => value)).toEqual(
        pageOf(record).figures.map(({ value }) => value),
      );
    }
  });

  it.each([
    ['a repair', (rewritten: object) => ({ repair: { ...aRecord().status.repair, rewritten } })],
    [
      'an inspection',
      (rewritten: object) => ({
        repair: undefined,
        inspection: { ...anInspectReport({ message: 'A repair would change it.' }), rewritten },
      }),
    ],
  ])('names neither the other pods of the node nor who used sudo there, as %s saw it', (_what, sawIn) => {
    const at = '2026-11-26T11:18:46.000Z';
    const rewritten = {
      path: '/etc/kubernetes/kubelet-config.yaml',
      mtime: at,
      ctime: at,
      owner: '0:0',
      mode: '0600',
      neighbours: [{ path: '/run/sudo/ts/alice', changedAt: at }],
      more: 0,
    };
    const record = redact(
      aRecord({
        status: {
          ...sawIn(rewritten),
          rewrittenBy: [
            {
              explanation: 'Person',
              confidence: 'medium',
              evidence: ['sudo was used within a minute of it (alice).'],
              change: [],
            },
          ],
          otherPods: {
            total: 1,
            pods: [{ namespace: 'shop', name: 'mailer-1', owner: 'DaemonSet/mailer' }],
            message: 'One.',
          },
        },
      }),
    );
    expect(JSON.stringify(record)).not.toMatch(/alice|shop|mailer/);
    expect(record.status.rewrittenBy[0]?.evidence).toEqual(['sudo was used within a minute of it (user-a).']);
  });

  it('has the same stand-in everywhere', () => {
    const { metadata, spec, status } = redact(aRecord());
    expect(spec.node.name).toBe('node-a');
    expect(metadata.name).toBe('node-a-7051cc67');
    expect(status.verification).toMatchObject({
      node: 'node-a',
      podIP: expect.stringMatching(/^192\.0\.2\.\d+$/),
    });
    expect(status.repair?.change?.backup).toContain('/node-a-7051cc67/');
    expect(status.before?.node).toBe('node-b');
    expect(spec.evidence?.sibling?.node).toBe('node-b');
    expect(status.before?.pod).toBe(spec.evidence?.dnsPods[0]?.name);
  });

  it.each<[string, string]>([
    ['node-1 and node-10 and NODE-1.', 'node-a and node-10 and node-a.'],
    [
      'asks 10.9.8.7:53 and 10.9.8.7, then fd00:1::7 and [fd00:1::7]:53',
      'asks 192.0.2.1:53 and 192.0.2.1, then 2001:db8::1 and [2001:db8::1]:53',
    ],
    ['127.0.0.53, ::1, 0.0.0.0, 169.254.20.10 stay', '127.0.0.53, ::1, 0.0.0.0, 169.254.20.10 stay'],
    [
      '"A IN db.corp.example.org. udp" and intranet.acme.de',
      '"A IN db.corp.example.org. udp" and host-a.example',
    ],
    ['7.8.9.10.in-addr.arpa. and shop.prod.svc.cluster.local.', 'host-a.example. and host-b.example.'],
    ['kubernetes.default.svc.cluster.local at v1.34.4', 'kubernetes.default.svc.cluster.local at v1.34.4'],
    [
      '/etc/resolv.conf, kubelet-config.yaml:34, kubelet.service',
      '/etc/resolv.conf, kubelet-config.yaml:34, kubelet.service',
    ],
    ['at 10:35:36 and 2026-11-26T10:35:36Z', 'at 10:35:36 and 2026-11-26T10:35:36Z'],
    [
      'see https://coredns.io/plugins/loop and dnshealth.io/acknowledged',
      'see https://coredns.io/plugins/loop and dnshealth.io/acknowledged',
    ],
    ['hosts {\n  10.0.0.5 db.internal\n}', 'hosts {\n  192.0.2.1 host-a.example\n}'],
    ['push registry.acme.de/team/dnshealth:0.1.0', 'push host-a.example/team/dnshealth:0.1.0'],
    ['7fb1a2c3-0000-4000-8000-00000000abcd', '00000000-0000-0000-0000-000000000001'],
  ])('replaces in %j', (text, expected) => {
    // Numbers begin anew: nothing but the message has names or addresses.
    const alone = { ...aRecord({ status: { message: text } }) } as StoredRecord;
    const { spec, metadata } = alone;
    const bare: StoredRecord = {
      ...alone,
      metadata: { ...metadata, uid: '', name: 'incident' },
      status: { ...RECORDS['bare']!.status, message: text },
      spec: {
        ...spec,
        evidence: undefined,
        node: { name: 'node-1', uid: '' },
        policy: { name: 'coredns', uid: '' },
      },
    };
    const { sighting: _sighting, ...rest } = bare.spec as Extract<StoredRecord['spec'], { trigger: 'Crash' }>;
    const quiet = {
      ...rest,
      sighting: {
        pod: { name: 'pod', uid: '' },
        line: '',
        zone: '.',
        diedAt: '2026-11-26T10:35:36Z',
        seenAt: '2026-11-26T10:35:36Z',
      },
    };
    expect(redact({ ...bare, spec: quiet }).status.message).toBe(expected);
  });

  it('replaces a node that is called by its full name, also where only a part of it is written', () => {
    const node = { name: 'ip-10-0-0-7.eu.internal', uid: 'u' };
    const metadata = { name: 'ip-10-0-0-7-eu-internal-1a2b3c4d' };
    const text = 'ip-10-0-0-7.eu.internal, ip-10-0-0-7, ip-10-0-0-7-eu-internal-1a2b3c4d';
    expect(message(text, { spec: { node }, metadata })).toBe('node-a, node-a, node-a-1a2b3c4d');
  });

  it('keeps the words of the record if a node is called like one of them', () => {
    const record = aRecord({ spec: { node: { name: 'repair', uid: 'u' } } });
    expect(redact(record).status.repair?.verb).toBe('repair');
    expect(parseRecord(JSON.parse(JSON.stringify(redact(record))), 'x').spec.node.name).toBe('node-a');
  });

  it('is the same when it is redacted again', () => {
    const once = redact(aRecord());
    expect(redact(once)).toEqual(once);
    expect(aRawRecord().spec).toBeDefined();
  });

  it('replaces who asked, approved and rejected, and names in the reason that they gave', () => {
    const texts = ['a rollback', 'approved, and taken back later', 'rejected'].map((name) =>
      JSON.stringify(redact(RECORDS[name] ?? aRecord())),
    );
    for (const text of texts) expect(text).not.toMatch(/anna|bob/);
    expect(texts[0]).toContain('"reason":"the old resolver is wanted on node-a"');
  });
});
