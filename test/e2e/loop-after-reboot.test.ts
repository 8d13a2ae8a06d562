import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RemediationStatus } from '../../src/api/remediation.ts';
import { breakNode } from '../cluster/break-node.ts';
import { KUBELET_CONFIG } from '../cluster/node/kubelet-files.ts';
import { until } from '../cluster/until.ts';
import { type ProberReport, startProber } from '../support/network/dns-prober.ts';
import {
  nodeObject,
  policyStatus,
  type RemediationObject,
  restoreCluster,
  scheduling,
  untilEnded,
  untilRemediation,
} from '../support/rig/cluster-state.ts';
import { rigOfThisWorker } from '../support/rig/e2e-rig.ts';
import { applySamplePolicy } from '../support/rig/installation.ts';
import { kubeletStarts } from '../support/rig/kubelet.ts';

const rig = rigOfThisWorker();
const NODE = 'node-1';

interface AgentPodObject {
  readonly spec: {
    readonly hostNetwork?: boolean;
    readonly hostPID?: boolean;
    readonly hostIPC?: boolean;
    readonly automountServiceAccountToken?: boolean;
    readonly containers: readonly {
      readonly securityContext: object;
      readonly volumeMounts?: readonly { readonly mountPath: string }[];
    }[];
  };
}

describe('the article: a node whose kubelet hands out the stub resolver, rebooted', () => {
  let before: { config: string; scheduling: Awaited<ReturnType<typeof scheduling>> };
  let broken: string;
  let starts: number;
  let agentPod: AgentPodObject;
  let ended: RemediationObject & { status: RemediationStatus };
  let prober: ProberReport;

  beforeAll(async () => {
    await restoreCluster(rig);
    before = { config: await rig.readFile(NODE, KUBELET_CONFIG), scheduling: await scheduling(rig, NODE) };
    await rig.setResolvConf(NODE, '/etc/resolv.conf');
    broken = await rig.readFile(NODE, KUBELET_CONFIG);

    // The other replica is asked from before the policy exists until the incident is over. Not from before the
    // break: the reboot itself may cost queries, and is not ours.
    await breakNode(rig, NODE);
    starts = (await kubeletStarts(rig, NODE)).starts;
    const other = (await rig.dnsPods()).find((pod) => pod.spec.nodeName !== NODE);
    const running = startProber(other?.status.podIP ?? '', 'kubernetes.default.svc.cluster.local');
    await applySamplePolicy(rig);
    agentPod = await until(
      async () =>
        (
          await rig.api.json<{ items: AgentPodObject[] }>(
            '/api/v1/namespaces/dnshealth-node/pods?labelSelector=dnshealth.io/role=repair',
          )
        ).items[0],
      { what: 'the pod of the repair Job', timeoutMs: 60_000, everyMs: 50 },
    );
    ended = await untilEnded(rig, NODE);
    prober = await running.stop();
  });

  afterAll(async () => restoreCluster(rig));

  it('is healed without a hand', () => {
    expect(ended.status).toMatchObject({ phase: 'Healed', reason: 'Verified' });
  });

  it('keeps the evidence: the FATAL line, the pod, the address it came from', () => {
    expect(ended.spec.sighting).toMatchObject({ from: '127.0.0.1', to: ':53', zone: '.' });
    expect(ended.spec.sighting.line).toMatch(
      /^\[FATAL\] plugin\/loop: Loop \(127\.0\.0\.1:\d+ -> :53\) detected/,
    );
  });

  it('changes exactly that value of the kubelet configuration and no other byte', async () => {
    const after = await rig.readFile(NODE, KUBELET_CONFIG);
    expect(after).toBe(before.config);
    expect(after).not.toBe(broken);
  });

  it('restarts the kubelet exactly once', async () => {
    expect((await kubeletStarts(rig, NODE)).starts - starts).toBe(1);
    expect(ended.status.repair?.kubelet).toMatchObject({ restarts: 1, active: true });
  });

  it('gives the node back as schedulable and as tainted as it was', async () => {
    expect(await scheduling(rig, NODE)).toEqual(before.scheduling);
  });

  it('costs the other CoreDNS pod no query', () => {
    expect(prober.failures).toEqual([]);
    expect(prober.asked).toBeGreaterThan(30);
  });

  it('verifies by UDP and TCP that the new pod answers the cluster’s name and one outside', () => {
    const { verification } = ended.status;
    expect(verification?.answers.map(({ protocol, ok }) => `${protocol} ${ok}`).toSorted()).toEqual([
      'tcp true',
      'tcp true',
      'udp true',
      'udp true',
    ]);
    expect(verification?.podUID).not.toBe(ended.spec.sighting.pod.uid);
  });

  it('ran its agent without privileges, capabilities, host namespaces or a token', () => {
    const { spec } = agentPod;
    expect(spec).toMatchObject({ automountServiceAccountToken: false });
    expect([spec.hostNetwork ?? false, spec.hostPID ?? false, spec.hostIPC ?? false]).toEqual([
      false,
      false,
      false,
    ]);
    expect(spec.containers).toHaveLength(1);
    expect(spec.containers[0]?.securityContext).toMatchObject({
      privileged: false,
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
      seccompProfile: { type: 'RuntimeDefault' },
    });
    const mounts = spec.containers[0]?.volumeMounts?.map(({ mountPath }) => mountPath).toSorted();
    expect(mounts).toEqual([
      '/host/etc',
      '/host/etc/kubernetes',
      '/host/run/dbus',
      '/host/run/systemd/resolve',
      '/host/var/lib/dnshealth',
      '/host/var/lib/kubelet',
    ]);
  });

  it('tells the story in events on the policy, the node and the pod', async () => {
    const reasons = async (kind: string) => {
      const path = `/apis/events.k8s.io/v1/events?fieldSelector=regarding.kind=${kind}`;
      const list = await rig.api.json<{ items: { reason: string; reportingController?: string }[] }>(path);
      return new Set(list.items.map(({ reason }) => reason));
    };
    await until(async () => (await reasons('DNSHealthPolicy')).has('Healed') || undefined, {
      what: 'the last event of the story',
      timeoutMs: 10_000,
    });
    const story = ['LoopDetected', 'Quarantined', 'KubeletRepaired', 'Released', 'Healed'];
    expect([...(await reasons('DNSHealthPolicy'))]).toEqual(expect.arrayContaining(story));
    expect([...(await reasons('Node'))]).toEqual(
      expect.arrayContaining([...story, 'RepairStarted', 'NodeProven']),
    );
    expect([...(await reasons('Pod'))]).toEqual(expect.arrayContaining(['LoopDetected', 'Recreated']));
  });

  it('shows it at a glance', async () => {
    await until(async () => (await policyStatus(rig))?.repaired === 1 || undefined, {
      what: 'the policy to count the repair',
      timeoutMs: 10_000,
    });
    const policies = (await rig.kubectl(['get', 'dnshealth'])).stdout;
    expect(policies).toMatch(/NAME\s+MODE\s+DNS\s+LOOPING\s+QUARANTINED\s+REPAIRED\s+LAST REPAIR\s+AGE/);
    const incidents = (await rig.kubectl(['get', 'dnsrem'])).stdout;
    expect(incidents).toMatch(/NAME\s+NODE\s+CAUSE\s+PHASE\s+TOOK\s+AGE/);
    expect(incidents).toMatch(/node-1\s+KubeletResolvConf\s+Healed\s+\d+s/);
  });

  it('says where the value will come back from', () => {
    expect(ended.status.recurrence.map(({ source }) => source).join()).toContain('kubespray');
  });

  it('leaves no proof pod and no record on the node', async () => {
    await untilRemediation(rig, NODE, 'to be there', () => true);
    const pods = await until(
      async () => {
        const list = await rig.api.json<{ items: unknown[] }>(
          '/api/v1/namespaces/dnshealth-node/pods?labelSelector=dnshealth.io/role=prove',
        );
        return list.items.length === 0 ? list : undefined;
      },
      { what: 'the proof pod to be gone', timeoutMs: 15_000 },
    );
    expect(pods.items).toEqual([]);
    expect((await nodeObject(rig, NODE)).metadata.annotations).not.toHaveProperty('dnshealth.io/quarantine');
  });
});
