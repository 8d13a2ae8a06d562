import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RemediationStatus } from '../../src/api/remediation.ts';
import { podOf } from '../../src/api/trigger.ts';
import { pageOf } from '../../src/plugin/report/page-of.ts';
import { parseRecord } from '../../src/plugin/report/record.ts';
import { renderHtml } from '../../src/plugin/report/render/html.ts';
import { breakNode } from '../cluster/break-node.ts';
import { KUBELET_CONFIG } from '../cluster/node/kubelet-files.ts';
import { until } from '../cluster/until.ts';
import { type ProberReport, startProber } from '../support/network/dns-prober.ts';
import { sightingOf } from '../support/objects/builders.ts';
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
      readonly name: string;
      readonly securityContext: object;
      readonly volumeMounts?: readonly { readonly mountPath: string }[];
    }[];
  };
}

describe('a node whose kubelet hands the stub resolver to its pods, after a reboot', () => {
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

    // The other replica is queried from before the policy exists until the repair has ended. Not earlier: queries
    // lost in the reboot do not count against the operator.
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
      { what: 'the pod of the repair Job', everyMs: 50 },
    );
    ended = await untilEnded(rig, NODE);
    prober = await running.stop();
  });

  afterAll(async () => restoreCluster(rig));

  it('is healed without manual steps', () => {
    expect(ended.status).toMatchObject({ phase: 'Healed', reason: 'Verified' });
  });

  it('records the evidence: the FATAL line, the pod, the addresses of the loop', () => {
    expect(sightingOf(ended.spec)).toMatchObject({ from: '127.0.0.1', to: ':53', zone: '.' });
    expect(sightingOf(ended.spec).line).toMatch(
      /^\[FATAL\] plugin\/loop: Loop \(127\.0\.0\.1:\d+ -> :53\) detected/,
    );
  });

  it('has only the value of resolvConf changed in its kubelet configuration, and no other byte', async () => {
    const after = await rig.readFile(NODE, KUBELET_CONFIG);
    expect(after).toBe(before.config);
    expect(after).not.toBe(broken);
  });

  it('has its kubelet restarted exactly once', async () => {
    expect((await kubeletStarts(rig, NODE)).starts - starts).toBe(1);
    expect(ended.status.repair?.kubelet).toMatchObject({ restarts: 1, active: true });
  });

  it('is released, schedulable and with the taints it had before', async () => {
    expect(await scheduling(rig, NODE)).toEqual(before.scheduling);
  });

  it('loses no query at the other CoreDNS pod during the repair', () => {
    expect(prober.failures).toEqual([]);
    expect(prober.asked).toBeGreaterThan(30);
  });

  it('gets a new CoreDNS pod, verified by UDP and TCP with a cluster name and an external one', () => {
    const { verification } = ended.status;
    expect(verification?.answers.map(({ protocol, ok }) => `${protocol} ${ok}`).toSorted()).toEqual([
      'tcp true',
      'tcp true',
      'udp true',
      'udp true',
    ]);
    expect(verification?.podUID).not.toBe(podOf(ended.spec)?.uid);
  });

  it('runs the agent and its guard without privileges, capabilities, host namespaces or a token', () => {
    const { spec } = agentPod;
    expect(spec).toMatchObject({ automountServiceAccountToken: false });
    expect([spec.hostNetwork ?? false, spec.hostPID ?? false, spec.hostIPC ?? false]).toEqual([
      false,
      false,
      false,
    ]);
    expect(spec.containers.map(({ name }) => name)).toEqual(['agent', 'guard']);
    for (const { securityContext, volumeMounts } of spec.containers) {
      expect(securityContext).toMatchObject({
        privileged: false,
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
        seccompProfile: { type: 'RuntimeDefault' },
      });
      expect(volumeMounts?.map(({ mountPath }) => mountPath).toSorted()).toEqual([
        '/hand-over',
        '/host/etc',
        '/host/etc/kubernetes',
        '/host/lib',
        '/host/opt',
        '/host/run',
        '/host/usr',
        '/host/var/lib/dnshealth',
        '/host/var/lib/kubelet',
      ]);
    }
  });

  it('has events of each step on its record; of those that matter to them on the policy, the node and the pod', async () => {
    const reasons = async (kind: string) => {
      const path = `/apis/events.k8s.io/v1/events?fieldSelector=regarding.kind=${kind}`;
      const list = await rig.api.json<{ items: { reason: string; reportingController?: string }[] }>(path);
      return new Set(list.items.map(({ reason }) => reason));
    };
    await until(async () => (await reasons('DNSHealthPolicy')).has('Healed') || undefined, {
      what: 'the last event',
    });
    const steps = [
      'Quarantined',
      'RepairStarted',
      'KubeletRepaired',
      'KubeletKept',
      'NodeProven',
      'Released',
    ];
    expect([...(await reasons('DNSRemediation'))]).toEqual(
      expect.arrayContaining([...steps, 'Recreated', 'Healed']),
    );
    expect([...(await reasons('DNSHealthPolicy'))]).toEqual(
      expect.arrayContaining(['LoopDetected', 'Healed']),
    );
    expect([...(await reasons('Node'))]).toEqual(
      expect.arrayContaining(['LoopDetected', 'Quarantined', 'Released', 'Healed']),
    );
    expect([...(await reasons('Pod'))]).toEqual(expect.arrayContaining(['LoopDetected', 'Recreated']));
  });

  it('shows the repair in the columns of kubectl get', async () => {
    await until(async () => (await policyStatus(rig))?.repaired === 1 || undefined, {
      what: 'the policy to count the repair',
    });
    const policies = (await rig.kubectl(['get', 'dnshealth'])).stdout;
    expect(policies).toMatch(
      /NAME\s+MODE\s+DNS\s+ANSWERING\s+HEALTH\s+LOOPING\s+NODES\s+DRIFTED\s+WAITING\s+QUARANTINED\s+REPAIRED\s+LAST REPAIR\s+AGE/,
    );
    const remediations = (await rig.kubectl(['get', 'dnsrem'])).stdout;
    expect(remediations).toMatch(/NAME\s+NODE\s+CAUSE\s+PHASE\s+REASON\s+TOOK\s+AGE/);
    expect(remediations).toMatch(/node-1\s+KubeletResolvConf\s+Healed\s+Verified\s+\d+s/);
  });

  it('names the source that would bring the wrong value back', () => {
    expect(ended.status.recurrence.map(({ source }) => source).join()).toContain('kubespray');
  });

  it('leaves a record that its page can be made of, with the evidence of the time before the change', async () => {
    const printed = await rig.kubectl(['get', 'dnsrem', ended.metadata.name, '-o', 'json']);
    const record = parseRecord(JSON.parse(printed.stdout), 'the record');
    const { evidence } = record.spec;
    expect(evidence?.log.at(-1)).toBe(sightingOf(ended.spec).line);
    expect(evidence?.corefile?.text).toContain('forward . /etc/resolv.conf');
    expect(evidence?.node.bootID).toMatch(/^[0-9a-f-]{36}$/);
    expect(evidence?.sibling).toMatchObject({ node: 'node-2' });
    expect(evidence?.examination?.ruledOut).not.toEqual([]);
    expect(record.status.repair?.change).toMatchObject({
      owner: '0:0',
      diff: expect.stringContaining('\n+resolvConf:'),
    });
    expect(record.status.repair?.current?.text).toContain('nameserver 127.0.0.53');
    expect(renderHtml(pageOf(record))).toContain('Healed: it is over');
  });

  it('has no proof pod and no quarantine annotation left', async () => {
    await untilRemediation(rig, NODE, 'to exist', () => true);
    const pods = await until(
      async () => {
        const list = await rig.api.json<{ items: unknown[] }>(
          '/api/v1/namespaces/dnshealth-check/pods?labelSelector=dnshealth.io/role=check',
        );
        return list.items.length === 0 ? list : undefined;
      },
      { what: 'the proof pod to be deleted' },
    );
    expect(pods.items).toEqual([]);
    expect((await nodeObject(rig, NODE)).metadata.annotations).not.toHaveProperty('dnshealth.io/quarantine');
  });
});
