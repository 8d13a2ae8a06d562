import { describe, expect, it } from 'vitest';
import {
  aDnsPod,
  aLoopingPod,
  aRemediation,
  aSituation,
  at,
  isoAt,
  withSighting,
} from '../../../test/support/objects/builders.ts';
import { fakeKube, kubeError } from '../../../test/support/objects/fake-kube.ts';
import type { RemediationStatus } from '../../api/remediation.ts';
import { afterEffect } from '../../remediation/record/status.ts';
import type { DnsPodView } from '../../remediation/world.ts';
import { createClusterDns } from '../dns-pods/cluster-dns.ts';
import type { KubernetesService } from '../dns-pods/kubernetes-service.ts';
import { carryOut } from './carry-out.ts';

const JOBS = '/apis/batch/v1/namespaces/dnshealth-node/jobs';
const SERVICES = '/api/v1/namespaces/kube-system/services';
/** Nobody answers there, and the kernel says so at once. */
const CLOSED = '127.211.11.11';

interface Case {
  readonly dnsPods?: readonly DnsPodView[];
  readonly status?: Partial<RemediationStatus>;
  readonly addresses?: KubernetesService['addresses'];
}

function context({ dnsPods = [], status = {}, addresses = async () => ['10.96.0.1'] }: Case) {
  const fake = fakeKube({ [SERVICES]: { items: [] }, [JOBS]: {} });
  const remediation = aRemediation({ status });
  const { world } = aSituation({ remediation, world: { dnsPods } });
  let doubts = 0;
  return {
    answers: fake.answers,
    asked: fake.asked,
    created: fake.created,
    doubts: () => doubts,
    kube: fake.kube,
    settings: { agentImage: 'x', logLevel: 'error', healthPort: 0, notificationsFile: null } as const,
    kubernetesService: {
      addresses,
      doubt: () => {
        doubts += 1;
      },
    },
    clusterDns: createClusterDns(fake.kube, () => at(20)),
    remediation,
    world,
    now: at(20),
    signal: new AbortController().signal,
  };
}
const serving = aDnsPod({ ip: CLOSED });

describe('when the repair is started', () => {
  const start = { kind: 'start-repair' } as const;

  it('a DNS pod that serves is asked too: what it answers is returned with the start', async () => {
    const result = await carryOut(start, context({ dnsPods: [aLoopingPod(), serving] }));
    expect(result).toMatchObject({
      kind: 'repair-started',
      before: {
        pod: { name: 'coredns-well' },
        answers: [
          { scope: 'Cluster', protocol: 'udp', ok: false },
          { scope: 'Cluster', protocol: 'tcp', ok: false },
          { scope: 'External', protocol: 'udp', ok: false },
          { scope: 'External', protocol: 'tcp', ok: false },
        ],
      },
    });
  });

  it('the agent gets the release of CoreDNS that looped, which decides on nameservers with a scope', async () => {
    const situation = context({});
    const remediation = withSighting(situation.remediation, { corednsVersion: '1.11.3' });
    await carryOut(start, { ...situation, remediation });
    expect(JSON.stringify(situation.created)).toContain(String.raw`\"corednsVersion\":\"1.11.3\"`);
  });

  it('the Job is created without waiting for the answers', async () => {
    const { promise, resolve } = Promise.withResolvers<readonly string[]>();
    const situation = context({ dnsPods: [serving], addresses: async () => promise });
    const starting = carryOut(start, situation);
    await expect.poll(() => situation.asked).toContain(`POST ${JOBS}`);
    resolve(['10.96.0.1']);
    await expect(starting).resolves.toMatchObject({ kind: 'repair-started' });
  });

  it('nobody is asked if no DNS pod serves, or if the answers are recorded already', async () => {
    const before = { pod: 'coredns-well', node: 'node-2', askedAt: isoAt(3), answers: [] };
    for (const situation of [{ dnsPods: [aLoopingPod()] }, { dnsPods: [serving], status: { before } }])
      expect(await carryOut(start, context(situation))).toEqual({ kind: 'repair-started', before: null });
  });
});

describe('when the node is inspected', () => {
  it('the Job is the incident’s own, and its agent is asked what a repair would decide', async () => {
    const situation = context({});
    await carryOut({ kind: 'start-inspection' }, situation);
    expect(situation.created).toMatchObject([
      {
        kind: 'Job',
        metadata: { name: 'node-1-incident-inspect', ownerReferences: [{ uid: situation.remediation.uid }] },
      },
    ]);
    const text = JSON.stringify(situation.created);
    expect(text).toContain(String.raw`\"verb\":\"inspect\"`);
    expect(text).toContain(String.raw`\"nonce\":\"${situation.remediation.uid}\"`);
    expect(situation.asked).not.toContain(`POST ${JOBS}/node-1-incident`);
  });

  it.each([
    { kind: 'start-inspection', forPlan: true, reads: false },
    { kind: 'start-inspection', reads: true },
  ] as const)(
    'for a plan ($forPlan) nothing of earlier repairs is mounted, because there may have been none',
    async ({ reads, ...effect }) => {
      const situation = context({});
      await carryOut(effect, situation);
      expect(JSON.stringify(situation.created).includes('/var/lib/dnshealth"')).toBe(reads);
    },
  );
});

describe('when a DNS pod is asked', () => {
  const probe = { kind: 'probe', pod: { ...aDnsPod(), ip: CLOSED, containerID: 'containerd://x' } } as const;

  it('the Service is read again for the next question if the name of the cluster was not answered right', async () => {
    const situation = context({});
    await carryOut(probe, situation);
    expect(situation.doubts()).toBe(1);
  });

  it('a refused read of the Service is an answer that is not ok, so that the incident ends and says why', async () => {
    const addresses = async () => {
      throw kubeError(403, 'Forbidden');
    };
    const result = await carryOut(probe, context({ addresses }));
    expect(result).toMatchObject({
      kind: 'probed',
      answers: [
        { name: 'kubernetes.default.svc.cluster.local', ok: false, result: expect.stringContaining('403') },
      ],
    });
  });

  it('an API server that is away for a moment is an error, and the question is asked again', async () => {
    const addresses = async () => {
      throw kubeError(503, 'ServiceUnavailable');
    };
    await expect(carryOut(probe, context({ addresses }))).rejects.toThrow(/503/);
  });
});

describe('the survey after a repair', () => {
  it('records the other pods of the node, without those that the incident has deleted', async () => {
    const pod = (name: string) => ({
      metadata: { namespace: 'shop', name, uid: name },
      spec: { dnsPolicy: 'Default' },
      status: { phase: 'Running', startTime: isoAt(-60) },
    });
    const situation = context({ status: { deletedPods: [{ name: 'coredns-1', uid: 'coredns-1' }] } });
    situation.answers.set('/api/v1/pods', { items: [pod('coredns-1'), pod('mailer')] });
    const result = await carryOut({ kind: 'survey', until: isoAt(4) }, situation);
    expect(afterEffect(situation.remediation.status, result, at(20)).otherPods).toMatchObject({
      total: 1,
      pods: [{ namespace: 'shop', name: 'mailer' }],
    });
  });
});
