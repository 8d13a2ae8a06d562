/** A kubelet that was started with the wrong value: it is found and repaired while its CoreDNS pod is still well. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CHECK_NAMESPACE } from '../../src/api/keys.ts';
import type { RemediationStatus } from '../../src/api/remediation.ts';
import { hasCondition, type Pod } from '../cluster/api-client.ts';
import { PAUSE_IMAGE } from '../cluster/build/cluster-images.ts';
import { BAD_RESOLV_CONF, GOOD_RESOLV_CONF, KUBELET_CONFIG } from '../cluster/node/kubelet-files.ts';
import { until } from '../cluster/until.ts';
import { type ProberReport, startProbers } from '../support/network/dns-prober.ts';
import {
  nodeJobs,
  policyStatus,
  type RemediationObject,
  remediations,
  restoreCluster,
  scheduling,
  untilEnded,
} from '../support/rig/cluster-state.ts';
import { type ConditionWatch, watchNodeCondition } from '../support/rig/condition-watch.ts';
import { proveAllNodes, restartWithWrongValue } from '../support/rig/drifting-node.ts';
import { rigOfThisWorker } from '../support/rig/e2e-rig.ts';
import { apply } from '../support/rig/installation.ts';
import { kubeletStarts } from '../support/rig/kubelet.ts';
import {
  checkedLongAgo,
  neverChecked,
  nodeCondition,
  untilChecked,
  untilCondition,
} from '../support/rig/node-checks.ts';

const rig = rigOfThisWorker();
const NODE = 'node-1';

async function dnsPodOf(node: string): Promise<Pod> {
  const [pod] = await rig.dnsPods(node);
  if (!pod) throw new Error(`no CoreDNS pod on ${node}`);
  return pod;
}

/** Not another policy: without one, nothing would be known of the nodes for a while. */
async function setMode(mode: 'Observe' | 'Repair'): Promise<void> {
  await rig.kubectl(['patch', 'dnshealth', 'coredns', '--type=merge', `--patch={"spec":{"mode":"${mode}"}}`]);
}

/** Pod, sandbox and container: another one of any of them shows that it was disturbed. */
const identityOf = ({ metadata, status }: Pod): object => ({
  uid: metadata.uid,
  ip: status.podIP,
  containers: status.containerStatuses?.map(({ containerID, restartCount }) => [containerID, restartCount]),
});

beforeAll(async () => {
  await restoreCluster(rig);
  await proveAllNodes(rig, {});
});
afterAll(async () => {
  await rig.kubectl(['delete', 'pod', 'mirror', '--ignore-not-found', '--grace-period=1']);
  await restoreCluster(rig);
});

describe('a kubelet that was restarted with the wrong value, under a policy that repairs', () => {
  let before: { readonly config: string; readonly pod: object; readonly starts: number };
  let ended: RemediationObject & { status: RemediationStatus };
  let watch: ConditionWatch;
  let prober: ProberReport;

  beforeAll(async () => {
    before = {
      config: await rig.readFile(NODE, KUBELET_CONFIG),
      pod: identityOf(await dnsPodOf(NODE)),
      starts: (await kubeletStarts(rig, NODE)).starts,
    };
    watch = watchNodeCondition(rig, NODE);
    const pods = (await rig.dnsPods()).flatMap(({ status }) => status.podIP ?? []);
    const running = startProbers([...pods, rig.clusterDns], 'example.com');
    await restartWithWrongValue(rig, NODE);
    ended = await untilEnded(rig, NODE);
    await untilCondition(rig, NODE, 'Proven');
    prober = await running.stop();
    await watch.stop();
  });

  it('is found by a check after its start, and healed', () => {
    expect(ended.spec).toMatchObject({
      trigger: 'Drift',
      drift: {
        kind: 'Kubelet',
        why: 'KubeletStarted',
        place: 'HostsDNSPods',
        check: { resolvConf: { class: 'stub', nameservers: ['127.0.0.53'] } },
      },
    });
    expect(ended.status).toMatchObject({ phase: 'Healed', reason: 'Verified' });
  });

  it('has its value restored and no other byte changed, by one restart', async () => {
    expect(await rig.readFile(NODE, KUBELET_CONFIG)).toBe(before.config);
    expect((await kubeletStarts(rig, NODE)).starts - before.starts).toBe(2);
  });

  it('has its CoreDNS pod left alone, which never had the wrong file', async () => {
    expect(ended.status.deletedPods).toEqual([]);
    expect(identityOf(await dnsPodOf(NODE))).toEqual(before.pod);
  });

  it('names no pod that has the right file from before as affected', () => {
    expect(ended.status.otherPods).toMatchObject({ total: 0 });
  });

  it('loses no query over UDP or TCP, neither at a CoreDNS pod nor at the Service', () => {
    expect(prober.failures).toEqual([]);
    expect(prober.asked).toBeGreaterThan(500);
  });

  it('has a node that is Proven, then Repairing, then Proven', () => {
    expect(watch.turns.map(({ status, reason }) => `${status} ${reason}`)).toEqual([
      'True Proven',
      'Unknown Repairing',
      'True Proven',
    ]);
  });

  it('is shown by kubectl', async () => {
    expect((await rig.kubectl(['get', 'dnsrem'])).stdout).toMatch(
      /node-1\s+KubeletResolvConf\s+Healed\s+Verified\s+\d+s/,
    );
    await until(async () => ((await policyStatus(rig))?.nodes?.proven === 2 ? true : undefined), {
      what: 'the policy to report both nodes as proven',
    });
    expect((await rig.kubectl(['get', 'dnshealth'])).stdout).toMatch(
      /coredns\s+Repair\s+2\/2.*\s+2\/2\s+0\s/,
    );
  });

  it('does not make CoreDNS loop at the next reboot', async () => {
    const { metadata } = await dnsPodOf(NODE);
    await rig.reboot(NODE);
    const restarted = await until(
      async () => {
        const pod = (await rig.dnsPods(NODE)).find(({ metadata: { uid } }) => uid === metadata.uid);
        const container = pod?.status.containerStatuses?.[0];
        return pod && hasCondition(pod, 'Ready') && container?.restartCount === 1 ? container : undefined;
      },
      { what: 'CoreDNS to be Ready after the reboot' },
    );
    // Of the container before the reboot: the one since has not ended.
    expect(restarted.state.terminated).toBeUndefined();
    expect(await remediations(rig)).toHaveLength(1);
    const readyAt = Date.now();
    await checkedLongAgo(rig, NODE);
    const isNewer = (time = ''): boolean => Date.parse(time) + 1_000 > readyAt;
    const record = await untilChecked(rig, NODE, 'after the reboot', ({ check }) =>
      isNewer(check?.startedAt),
    );
    expect(record).toMatchObject({ check: { outcome: 'proven' }, found: { class: 'ok' } });
  });
});

describe('a kubelet that was restarted with the wrong value, under a policy that only observes', () => {
  const OTHER = 'node-2';
  let before: { readonly pod: object; readonly starts: number; readonly scheduling: object };

  beforeAll(async () => {
    await rig.kubectl(['delete', 'dnsremediations', '--all', '--wait=true']);
    await until(async () => (await nodeJobs(rig)).length === 0 || undefined, {
      what: 'the garbage collector to delete the Job of the repair before',
    });
    await setMode('Observe');
    before = {
      pod: identityOf(await dnsPodOf(OTHER)),
      starts: (await kubeletStarts(rig, OTHER)).starts,
      scheduling: await scheduling(rig, OTHER),
    };
    await restartWithWrongValue(rig, OTHER);
    await untilCondition(rig, OTHER, 'Drifted');
  });

  it('is reported in the condition of its node, in the policy and as an event', async () => {
    expect(await nodeCondition(rig, OTHER)).toMatchObject({
      status: 'False',
      message: expect.stringMatching(/127\.0\.0\.53 \(class stub\).*only observes/),
    });
    const status = await until(
      async () => {
        const nodes = (await policyStatus(rig))?.nodes;
        return nodes?.drifted === 1 ? nodes : undefined;
      },
      { what: 'the policy to report the node' },
    );
    expect(status.notProven).toMatchObject([{ node: OTHER, reason: 'Drifted' }]);
    const events = await rig.kubectl(['get', 'events', '--field-selector=reason=DriftFound', '-o', 'name']);
    expect(events.stdout.trim()).not.toBe('');
  });

  it('has nothing started on its node that has privileges, and nothing changed there', async () => {
    expect(await nodeJobs(rig)).toEqual([]);
    expect(await remediations(rig)).toEqual([]);
    expect(await rig.resolvConf(OTHER)).toBe(BAD_RESOLV_CONF);
    expect((await kubeletStarts(rig, OTHER)).starts - before.starts).toBe(1);
    expect(identityOf(await dnsPodOf(OTHER))).toEqual(before.pod);
    expect(await scheduling(rig, OTHER)).toEqual(before.scheduling);
  });

  it('was found in a namespace that admits the pod of the check and refuses one with privileges', async () => {
    const pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'privileged', namespace: CHECK_NAMESPACE },
      spec: {
        containers: [{ name: 'pause', image: PAUSE_IMAGE, securityContext: { privileged: true } }],
      },
    };
    const refused = await rig.kubectl(['create', '--dry-run=server', '-f', '-'], {
      input: JSON.stringify(pod),
      allowFailure: true,
    });
    expect(refused.code).not.toBe(0);
    expect(refused.stderr).toContain('violates PodSecurity "restricted');
  });

  it('is repaired when the policy allows it, and a pod that was started in between is named, not touched', async () => {
    const started = await startPodWithNodeDns(OTHER);
    await setMode('Repair');
    const { status } = await untilEnded(rig, OTHER);
    expect(status).toMatchObject({ phase: 'Healed', reason: 'Verified', deletedPods: [] });
    expect(status.otherPods).toMatchObject({ total: 1, pods: [{ namespace: 'default', name: 'mirror' }] });
    expect(await rig.resolvConf(OTHER)).toBe(GOOD_RESOLV_CONF);
    const left = await rig.api.json<Pod>('/api/v1/namespaces/default/pods/mirror');
    expect(identityOf(left)).toEqual(identityOf(started));
    expect(left.metadata.deletionTimestamp).toBeUndefined();
  });
});

describe('a check that fails because the upstream resolver is down', () => {
  beforeAll(async () => {
    await rig.kubectl(['delete', 'dnsremediations', '--all', '--wait=true']);
    await rig.signalComponent('resolver', 'SIGTERM');
    await neverChecked(rig);
  });
  afterAll(() => {
    if (rig.components().get('resolver') === undefined) rig.startComponent('resolver');
  });

  it('says nothing about the node, begins no repair, and is repeated', async () => {
    const failed = await untilChecked(rig, NODE, 'to fail', ({ check }) => check?.outcome === 'failed');
    expect(failed.found).toBeUndefined();
    expect(failed.check?.problem).toBeTruthy();
    expect(await untilCondition(rig, NODE, 'NotChecked')).toMatchObject({ status: 'Unknown' });
    expect(await remediations(rig)).toEqual([]);

    rig.startComponent('resolver');
    await checkedLongAgo(rig, NODE);
    await untilChecked(rig, NODE, 'to be repeated', ({ check }) => check?.why === 'Retry');
    expect(await untilCondition(rig, NODE, 'Proven')).toMatchObject({ status: 'True' });
    expect(await remediations(rig)).toEqual([]);
  });
});

/** Which uses the resolv.conf of its node, as CoreDNS does. */
async function startPodWithNodeDns(node: string): Promise<Pod> {
  await apply(rig, {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'mirror', namespace: 'default' },
    spec: { nodeName: node, dnsPolicy: 'Default', containers: [{ name: 'mirror', image: PAUSE_IMAGE }] },
  });
  return until(
    async () => {
      const pod = await rig.api.json<Pod>('/api/v1/namespaces/default/pods/mirror');
      return hasCondition(pod, 'Ready') ? pod : undefined;
    },
    { what: 'the pod with dnsPolicy Default to run' },
  );
}
