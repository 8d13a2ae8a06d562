/** Common layouts of nodes: kubespray with its default owner, kubeadm, and a flag that overrides the file. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  BAD_RESOLV_CONF,
  GOOD_RESOLV_CONF,
  KUBELET_CONFIG,
  withResolvConf,
} from '../cluster/node/kubelet-files.ts';
import { restoreCluster, scheduling, untilEnded } from '../support/rig/cluster-state.ts';
import { rigOfThisWorker } from '../support/rig/e2e-rig.ts';
import { applySamplePolicy } from '../support/rig/installation.ts';
import { kubeletStarts } from '../support/rig/kubelet.ts';
import { changedLines, identity, inNode, rebootIntoLoop } from '../support/rig/node-files.ts';

const rig = rigOfThisWorker();

describe('a kubespray node with kube_owner: kube, where /etc/kubernetes belongs to an unprivileged user', () => {
  const NODE = 'node-1';
  const DIRECTORY = '/etc/kubernetes';
  beforeEach(async () => restoreCluster(rig));
  afterEach(async () => {
    await inNode(rig, NODE, 'chown', 'root:root', DIRECTORY);
    await restoreCluster(rig);
  });

  it('is healed by changing the value in place; owners, modes and all other bytes stay', async () => {
    await rig.setResolvConf(NODE, BAD_RESOLV_CONF);
    await inNode(rig, NODE, 'chown', '997:997', DIRECTORY);
    const broken = await rig.readFile(NODE, KUBELET_CONFIG);
    const before = await Promise.all([DIRECTORY, KUBELET_CONFIG].map((path) => identity(rig, NODE, path)));
    expect(before[0]).toMatch(/^directory 997:997 755 /);
    expect(before[1]).toMatch(/^regular file 0:0 600 /);
    await rebootIntoLoop(rig, NODE);
    const { starts } = await kubeletStarts(rig, NODE);

    await applySamplePolicy(rig);
    const { status } = await untilEnded(rig, NODE);

    expect(status).toMatchObject({ phase: 'Healed', reason: 'Verified' });
    expect(changedLines(broken, await rig.readFile(NODE, KUBELET_CONFIG))).toEqual({
      removed: [`resolvConf: "${BAD_RESOLV_CONF}"`],
      added: [`resolvConf: "${GOOD_RESOLV_CONF}"`],
    });
    // The same inode: written in place.
    expect(await Promise.all([DIRECTORY, KUBELET_CONFIG].map((path) => identity(rig, NODE, path)))).toEqual(
      before,
    );
    expect((await kubeletStarts(rig, NODE)).starts - starts).toBe(1);
    expect(status.repair?.kubelet).toMatchObject({ restarts: 1, active: true });
    expect(await scheduling(rig, NODE)).toMatchObject({ unschedulable: false, ours: [] });
  });
});

describe('a kubeadm node, with its configuration in /var/lib/kubelet and flags in environment files', () => {
  const NODE = 'node-2';
  const CONFIG = '/var/lib/kubelet/config.yaml';
  const FLAGS = '/var/lib/kubelet/kubeadm-flags.env';
  const EXTRA = '/etc/default/kubelet';
  const DROP_IN = '/etc/systemd/system/kubelet.service.d/10-kubeadm.conf';

  /** As in kubeadm's packages, except for the path of the program; resets the rig's own environment file. */
  const DROP_IN_TEXT = `[Service]
EnvironmentFile=
Environment="KUBELET_KUBECONFIG_ARGS=--bootstrap-kubeconfig=/etc/kubernetes/bootstrap-kubelet.conf --kubeconfig=/etc/kubernetes/kubelet.conf"
Environment="KUBELET_CONFIG_ARGS=--config=${CONFIG}"
EnvironmentFile=-${FLAGS}
EnvironmentFile=-${EXTRA}
ExecStart=
ExecStart=/usr/local/bin/kubelet $KUBELET_KUBECONFIG_ARGS $KUBELET_CONFIG_ARGS $KUBELET_KUBEADM_ARGS $KUBELET_EXTRA_ARGS
`;

  beforeEach(async () => restoreCluster(rig));
  afterEach(async () => {
    await inNode(rig, NODE, 'rm', '--force', DROP_IN, CONFIG, FLAGS, EXTRA);
    await inNode(rig, NODE, 'systemctl', 'daemon-reload');
    await inNode(rig, NODE, 'systemctl', 'restart', 'kubelet.service');
    await rig.kubectl(['-n', 'kube-system', 'delete', 'configmap', 'kubelet-config', '--ignore-not-found']);
    await restoreCluster(rig);
  });

  it('is healed in that file alone, and the ConfigMap that would bring the value back is named', async () => {
    const kubespray = await rig.readFile(NODE, KUBELET_CONFIG);
    const broken = withResolvConf(kubespray, BAD_RESOLV_CONF);
    const address = rig.nodes.find(({ name }) => name === NODE)?.address ?? '';
    await rig.writeFile(NODE, CONFIG, broken);
    await rig.writeFile(
      NODE,
      FLAGS,
      `KUBELET_KUBEADM_ARGS="--container-runtime-endpoint=unix:///var/run/containerd/containerd.sock --hostname-override=${NODE} --node-ip=${address}"\n`,
    );
    await rig.writeFile(NODE, EXTRA, 'KUBELET_EXTRA_ARGS=--v=2\n');
    await rig.writeFile(NODE, DROP_IN, DROP_IN_TEXT);
    const uploaded = broken.replace(/^resolvConf: .*$/m, `resolvConf: ${BAD_RESOLV_CONF}`);
    await rig.kubectl([
      '-n',
      'kube-system',
      'create',
      'configmap',
      'kubelet-config',
      `--from-literal=kubelet=${uploaded}`,
    ]);
    await rebootIntoLoop(rig, NODE);
    const { starts } = await kubeletStarts(rig, NODE);
    const before = await identity(rig, NODE, CONFIG);

    await applySamplePolicy(rig);
    const { status } = await untilEnded(rig, NODE);

    expect(status).toMatchObject({
      phase: 'Healed',
      reason: 'Verified',
      repair: { layout: 'kubeadm', change: { path: CONFIG }, kubelet: { restarts: 1, active: true } },
    });
    expect(await rig.readFile(NODE, CONFIG)).toBe(kubespray);
    const after = await identity(rig, NODE, CONFIG);
    expect(after.replace(/ \d+$/, '')).toBe(before.replace(/ \d+$/, ''));
    // Another inode: replaced by rename.
    expect(after).not.toBe(before);
    expect(await rig.readFile(NODE, KUBELET_CONFIG)).toBe(kubespray);
    expect(await rig.readFile(NODE, DROP_IN)).toBe(DROP_IN_TEXT);
    expect((await kubeletStarts(rig, NODE)).starts - starts).toBe(1);
    expect(status.recurrence.map(({ source }) => source).join()).toContain('kubelet-config');
    expect(status.recurrence[0]?.advice).toContain('kubeadm upgrade node');
  });
});

describe('a kubespray node whose value is set by a flag in /etc/kubernetes/kubelet.env', () => {
  const NODE = 'node-1';
  const ENVIRONMENT = '/etc/kubernetes/kubelet.env';
  let before: string;
  beforeEach(async () => {
    await restoreCluster(rig);
    before = await rig.readFile(NODE, ENVIRONMENT);
  });
  afterEach(async () => {
    await rig.writeFile(NODE, ENVIRONMENT, before, 0o600);
    await inNode(rig, NODE, 'systemctl', 'restart', 'kubelet.service');
    await restoreCluster(rig);
  });

  it('is healed in the flag, and the configuration file is not changed', async () => {
    const flag = `--resolv-conf=${BAD_RESOLV_CONF}`;
    const environment = before.replace(/^(--config=.*)$/m, `$1\n${flag} \\`);
    const line = environment.split('\n').findIndex((text) => text.startsWith(flag)) + 1;
    expect(line).toBeGreaterThan(1);
    await rig.writeFile(NODE, ENVIRONMENT, environment, 0o600);
    const config = await rig.readFile(NODE, KUBELET_CONFIG);
    await rebootIntoLoop(rig, NODE);
    const { starts } = await kubeletStarts(rig, NODE);

    await applySamplePolicy(rig);
    const { status } = await untilEnded(rig, NODE);

    expect(status).toMatchObject({
      phase: 'Healed',
      reason: 'Verified',
      repair: {
        effective: { source: `--resolv-conf in ${ENVIRONMENT}:${line}` },
        change: { path: ENVIRONMENT },
      },
    });
    expect(changedLines(environment, await rig.readFile(NODE, ENVIRONMENT))).toEqual({
      removed: [`${flag} \\`],
      added: [`--resolv-conf=${GOOD_RESOLV_CONF} \\`],
    });
    expect(await rig.readFile(NODE, KUBELET_CONFIG)).toBe(config);
    expect((await kubeletStarts(rig, NODE)).starts - starts).toBe(1);
    expect(await scheduling(rig, NODE)).toMatchObject({ unschedulable: false, ours: [] });
  });
});
