import { describe, expect, it } from 'vitest';
import { aNode, at, isoAt } from '../../test/support/objects/builders.ts';
import { fakeKube, kubeError } from '../../test/support/objects/fake-kube.ts';
import { aRawDnsPod, aRawNode, LOOP_LINE, running } from '../../test/support/objects/raw-objects.ts';
import { evidenceSchema, MAX_EVIDENCE_BYTES } from '../api/evidence.ts';
import { fileExcerpt, logExcerpt } from '../diagnosis/excerpts.ts';
import { type DnsPod, parseDnsPod } from './dns-pod.ts';
import { gatherEvidence } from './gather-evidence.ts';
import type { OwnedPod } from './ownership.ts';

const COREFILE = '.:53 {\n errors\n forward . /etc/resolv.conf\n loop\n}\n';
const SIGNAL = new AbortController().signal;
const PODS = '/api/v1/namespaces/kube-system/pods';

const owned = (pod: DnsPod): OwnedPod => ({
  ...pod,
  workload: { kind: 'Deployment', name: 'coredns', container: 'coredns' },
});
const aWellPod = (name: string, node: string, seconds: number): DnsPod =>
  parseDnsPod(
    aRawDnsPod({
      metadata: { name, uid: name },
      spec: { nodeName: node },
      status: { conditions: [{ type: 'Ready', status: 'True' }] },
      container: { ready: true, state: running(seconds) },
    }),
  );

interface Given {
  readonly log?: string;
  readonly corefile?: string;
  readonly others?: readonly DnsPod[];
  readonly answers?: Readonly<Record<string, object>>;
  /** No pod showed the incident. */
  readonly isDrift?: boolean;
}

async function gather({
  log = `CoreDNS-1.12.1\n${LOOP_LINE}\n`,
  corefile = COREFILE,
  others,
  answers,
  isDrift = false,
}: Given = {}) {
  const pod = owned(parseDnsPod(aRawDnsPod()));
  const [container] = pod.containers;
  if (!container) throw new Error('the pod has no container');
  const { kube, asked } = fakeKube({
    '/api/v1/nodes/node-2': aRawNode({ metadata: { name: 'node-2' } }),
    '/api/v1/nodes/node-3': aRawNode({ metadata: { name: 'node-3' } }),
    [PODS]: {
      items: [
        { metadata: { name: 'coredns-sick' }, spec: { dnsPolicy: 'Default' } },
        { metadata: { name: 'node-exporter' }, spec: { dnsPolicy: 'Default', hostNetwork: true } },
        { metadata: { name: 'log-shipper' }, spec: { dnsPolicy: 'Default' } },
        { metadata: { name: 'metrics-server' }, spec: { dnsPolicy: 'ClusterFirst' } },
      ],
    },
    ...answers,
  });
  const evidence = await gatherEvidence(
    kube,
    {
      sick: isDrift
        ? null
        : {
            pod,
            container,
            basis: {
              log: logExcerpt(log),
              corefile: { configMap: 'coredns', text: fileExcerpt(corefile) },
              clusterDNS: ['10.96.0.10'],
            },
          },
      node: aNode(),
      dnsPods: [pod, ...(others ?? [aWellPod('coredns-well', 'node-2', -3600)]).map(owned)],
      operatorImage: 'registry.example.com/dnshealth-operator:0.1.0',
      now: () => at(1),
    },
    SIGNAL,
  );
  return { evidence, asked };
}

describe('the evidence of an incident', () => {
  it('is what the page shows of the time before the change', async () => {
    const { evidence } = await gather();
    expect(evidence).toMatchObject({
      takenAt: isoAt(1),
      log: ['CoreDNS-1.12.1', LOOP_LINE],
      corefile: { configMap: 'coredns', text: COREFILE },
      pod: { image: 'registry.k8s.io/coredns/coredns:v1.12.1', dnsPolicy: 'Default' },
      node: { kubeletVersion: 'v1.34.4', bootID: '3b2e5a7c' },
      dnsPods: [{ name: 'coredns-well', node: 'node-2', ready: true, since: isoAt(-3600) }],
      sibling: { pod: 'coredns-well', node: 'node-2', kubeletVersion: 'v1.34.4' },
      podsWithNodeDNS: ['log-shipper'],
    });
    expect(evidence.examination?.because).not.toEqual([]);
    expect(evidenceSchema.parse(evidence)).toEqual(evidence);
  });

  it('compares with the DNS pod that has served for the longest time on another node', async () => {
    const others = [
      aWellPod('same-node', 'node-1', -9000),
      aWellPod('young', 'node-2', -60),
      aWellPod('old', 'node-3', -7200),
      aWellPod('just-started', 'node-3', -1),
    ];
    expect((await gather({ others })).evidence.sibling).toMatchObject({ pod: 'old', node: 'node-3' });
    expect((await gather({ others: [others[3]] as DnsPod[] })).evidence.sibling).toBeUndefined();
  });

  it('leaves out what cannot be read, and does not keep the incident from being claimed', async () => {
    const { evidence } = await gather({
      answers: {
        [PODS]: kubeError(403, 'Forbidden'),
        '/api/v1/nodes/node-2': kubeError(500, 'InternalError'),
      },
    });
    expect(evidence).not.toHaveProperty('podsWithNodeDNS');
    expect(evidence).not.toHaveProperty('sibling');
    expect(evidence.log).toContain(LOOP_LINE);
  });

  it('of a drift names no pod, and every DNS pod beside the node', async () => {
    const { evidence } = await gather({ isDrift: true });
    expect(evidence).not.toHaveProperty('pod');
    expect(evidence).not.toHaveProperty('examination');
    expect(evidence.log).toEqual([]);
    expect(evidence.dnsPods.map(({ name }) => name)).toEqual(['coredns-sick', 'coredns-well']);
    expect(evidence.podsWithNodeDNS).toEqual(['coredns-sick', 'log-shipper']);
    expect(evidence.sibling).toMatchObject({ pod: 'coredns-well', node: 'node-2' });
    expect(evidenceSchema.safeParse(evidence).success).toBe(true);
  });

  it('contains no secret of the log or the Corefile', async () => {
    const { evidence } = await gather({
      log: `[ERROR] plugin/kubernetes: GET https://10.96.0.1 Authorization: Bearer abcdefghijkl\n${LOOP_LINE}`,
      corefile:
        '.:53 {\n  route53 example.com.:Z1 {\n    aws_access_key AAAA BBBB\n  }\n  forward . /etc/resolv.conf\n}',
    });
    expect(JSON.stringify(evidence)).not.toMatch(/abcdefghijkl|BBBB/);
  });

  it('stays within its limit whatever the pod logs, and keeps the line that ended it', async () => {
    const hostile = '[INFO] 10.0.0.1 - "A IN \u{1F600}\u0001" '.repeat(200);
    const { evidence } = await gather({
      log: `${`${hostile}\n`.repeat(300)}${LOOP_LINE}`,
      corefile: `${COREFILE}${'# \u{1F600}\n'.repeat(20_000)}`,
      others: Array.from({ length: 200 }, (_, index) =>
        aWellPod(`coredns-${'x'.repeat(200)}-${index}`, 'node-2', -60),
      ),
    });
    expect(Buffer.byteLength(JSON.stringify(evidence))).toBeLessThanOrEqual(MAX_EVIDENCE_BYTES);
    expect(evidence.log.at(-1)).toBe(LOOP_LINE);
  });
});
