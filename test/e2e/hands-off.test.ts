import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { breakNode } from '../cluster/break-node.ts';
import { corefile, setCorefile } from '../cluster/dns/coredns-workload.ts';
import { KUBELET_CONFIG, GOOD_RESOLV_CONF as UPLINK } from '../cluster/node/kubelet-files.ts';
import { until } from '../cluster/until.ts';
import {
  nextAttemptIsDue,
  policyStatus,
  remediations,
  restoreCluster,
  scheduling,
  untilEnded,
  untilRetrying,
} from '../support/rig/cluster-state.ts';
import { rigOfThisWorker } from '../support/rig/e2e-rig.ts';
import { applyPolicy } from '../support/rig/installation.ts';
import { kubeletStarts } from '../support/rig/kubelet.ts';

const rig = rigOfThisWorker();
const NODE = 'node-1';

describe('a crash that is not a loop: a Corefile with a syntax error', () => {
  let good: string;

  beforeEach(async () => {
    await restoreCluster(rig);
    good = await corefile(rig);
  });
  afterAll(async () => {
    await setCorefile(rig, good);
    await restoreCluster(rig);
  });

  it('is reported in the status of the policy, and no node is touched', async () => {
    await applyPolicy(rig, {});
    const pids = await Promise.all(rig.nodes.map(async ({ name }) => (await kubeletStarts(rig, name)).pid));
    await setCorefile(rig, good.replace('forward .', 'forwardd .'));
    const [pod] = await rig.dnsPods(NODE);
    await rig.kubectl(['-n', 'kube-system', 'delete', 'pod', pod?.metadata.name ?? '']);

    const seen = await until(
      async () => (await policyStatus(rig))?.observations.find(({ cause }) => cause === 'CorefileError'),
      { what: 'the policy to report the crash' },
    );
    expect(seen.message).toContain("Unknown directive 'forwardd'");
    expect(seen.advice).toBeTruthy();
    expect(await remediations(rig)).toEqual([]);
    for (const { name } of rig.nodes)
      expect(await scheduling(rig, name)).toMatchObject({ unschedulable: false, ours: [] });
    expect(
      await Promise.all(rig.nodes.map(async ({ name }) => (await kubeletStarts(rig, name)).pid)),
    ).toEqual(pids);
  });
});

describe('a target that cannot be used', () => {
  beforeEach(async () => restoreCluster(rig));
  afterAll(async () => restoreCluster(rig));

  it('because it is itself a stub: nothing is written, the reason is reported, the node is released', async () => {
    const spoil = `cp ${UPLINK} ${UPLINK}.away && echo nameserver 127.0.0.53 > ${UPLINK}`;
    await breakNode(rig, NODE);
    const broken = await rig.readFile(NODE, KUBELET_CONFIG);
    const { pid } = await kubeletStarts(rig, NODE);
    expect(await rig.exec(NODE, ['sh', '-c', spoil])).toMatchObject({ code: 0 });
    try {
      await applyPolicy(rig, {});
      const { status } = await untilEnded(rig, NODE);
      expect(status).toMatchObject({ phase: 'Refused', reason: 'TargetLoops' });
      expect(status.advice).toBeTruthy();
      expect(await rig.readFile(NODE, KUBELET_CONFIG)).toBe(broken);
      expect((await kubeletStarts(rig, NODE)).pid).toBe(pid);
      expect(await scheduling(rig, NODE)).toMatchObject({ unschedulable: false, ours: [] });
    } finally {
      await rig.exec(NODE, ['mv', `${UPLINK}.away`, UPLINK]);
    }
  });
});

describe('a target that is missing for a while', () => {
  beforeEach(async () => restoreCluster(rig));
  afterAll(async () => restoreCluster(rig));

  it('is tried again: nothing is written and the node is released until it is there, then the node is healed', async () => {
    await breakNode(rig, NODE);
    const broken = await rig.readFile(NODE, KUBELET_CONFIG);
    const { pid } = await kubeletStarts(rig, NODE);
    expect(await rig.exec(NODE, ['mv', UPLINK, `${UPLINK}.away`])).toMatchObject({ code: 0 });
    try {
      await applyPolicy(rig, {});
      const { status } = await untilRetrying(rig, NODE);
      expect(status).toMatchObject({ phase: 'Pending', attempts: [{ reason: 'TargetMissing' }] });
      expect(status.advice).toBeTruthy();
      expect(await rig.readFile(NODE, KUBELET_CONFIG)).toBe(broken);
      expect((await kubeletStarts(rig, NODE)).pid).toBe(pid);
      expect(await scheduling(rig, NODE)).toMatchObject({ unschedulable: false, ours: [] });
    } finally {
      await rig.exec(NODE, ['mv', `${UPLINK}.away`, UPLINK]);
    }
    await nextAttemptIsDue(rig, NODE);
    const { status } = await untilEnded(rig, NODE);
    expect(status).toMatchObject({ phase: 'Healed', reason: 'Verified' });
  });
});

describe('a kubelet that does not start with the new value', () => {
  const DROP_IN = '/etc/systemd/system/kubelet.service.d/99-guard.conf';
  beforeEach(async () => restoreCluster(rig));
  afterAll(async () => {
    await rig.exec(NODE, [
      'sh',
      '-c',
      `rm -f ${DROP_IN} && systemctl daemon-reload && systemctl reset-failed kubelet.service`,
    ]);
    await restoreCluster(rig);
  });

  it('gets its old configuration back and runs, and the remediation is RolledBack', async () => {
    // A check such as an administrator might have: it lets the kubelet start only with the old value.
    await rig.writeFile(
      NODE,
      DROP_IN,
      `[Service]\nExecStartPre=/bin/sh -c '! grep -q "${UPLINK}" ${KUBELET_CONFIG}'\n`,
    );
    await breakNode(rig, NODE);
    const broken = await rig.readFile(NODE, KUBELET_CONFIG);
    await applyPolicy(rig, {});
    const { status } = await untilEnded(rig, NODE);
    expect(status).toMatchObject({
      phase: 'RolledBack',
      repair: { outcome: 'rolled-back', nodeUnchanged: true },
    });
    expect(await rig.readFile(NODE, KUBELET_CONFIG)).toBe(broken);
    const active = await rig.exec(NODE, ['systemctl', 'is-active', 'kubelet.service']);
    expect(active.stdout.trim()).toBe('active');
    expect(await scheduling(rig, NODE)).toMatchObject({ unschedulable: false, ours: [] });
  });
});
