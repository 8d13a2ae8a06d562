import { lstatSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BAD, FakeNode, GOOD, KUBEADM, KUBESPRAY, UID, UPLINK } from './testing/fake-node.ts';

let node: FakeNode;
beforeEach(() => {
  node = new FakeNode();
});
afterEach(() => rmSync(node.root, { recursive: true }));

describe('a repair', () => {
  it('changes the one value, restarts the kubelet once, and keeps owner, mode and a backup', async () => {
    const report = await node.repair();
    expect(report).toMatchObject({
      outcome: 'repaired',
      layout: 'kubespray',
      nodeUnchanged: false,
      effective: { value: '/etc/resolv.conf', source: `${KUBESPRAY}:4` },
      current: { class: 'stub', nameservers: ['127.0.0.53'] },
      target: { path: UPLINK, class: 'ok' },
      change: { line: 4, before: 'resolvConf: "/etc/resolv.conf"', after: `resolvConf: "${UPLINK}"` },
      kubelet: { pidBefore: 100, pidAfter: 101, restarts: 1, active: true },
    });
    expect(node.read()).toBe(GOOD);
    expect(node.read(report.change?.backup)).toBe(BAD);
    expect(lstatSync(join(node.root, KUBESPRAY)).mode & 0o7777).toBe(0o600);
    expect(node.restarts).toBe(1);
    expect(node.journalIsOpen()).toBe(false);
    expect(readdirSync(join(node.root, 'etc/kubernetes')).toSorted()).toEqual([
      'kubelet-config.yaml',
      'kubelet.env',
    ]);
    expect(readdirSync(join(node.root, 'var/lib/dnshealth'))).toEqual(['node-1-abc']);
  });

  it('reports the change as evidence: the diff, owner and mode, and when the old kubelet was started', async () => {
    const report = await node.repair();
    expect(report.change).toMatchObject({ owner: `${UID}:${process.getgid?.()}`, mode: '0600' });
    expect(report.change?.diff).toBe(
      `--- ${KUBESPRAY}\n+++ ${KUBESPRAY}\n@@ -1,5 +1,5 @@\n apiVersion: kubelet.config.k8s.io/v1beta1\n kind: KubeletConfiguration\n # set by the inventory\n-resolvConf: "/etc/resolv.conf"\n+resolvConf: "${UPLINK}"\n eventRecordQPS: 50\n`,
    );
    expect(report.kubelet?.startedBefore).toMatch(/^\d{4}-/);
    expect(report.current?.text).toBe('nameserver 127.0.0.53');
  });

  it('reports no secret that lies beside the value', async () => {
    node.write(
      KUBESPRAY,
      `${BAD}staticPodURLHeader:\n  Authorization:\n  - Basic dXNlcjpwYXNzd29yZA==\n`,
      0o600,
    );
    const report = await node.repair();
    expect(report.outcome).toBe('repaired');
    expect(JSON.stringify(report)).not.toContain('dXNlcjpwYXNzd29yZA');
    expect(node.read()).toContain('dXNlcjpwYXNzd29yZA');
  });

  it('does nothing the second time: the same incident gets the same end, another one finds the value already right', async () => {
    await node.repair();
    expect(await node.repair()).toMatchObject({
      outcome: 'repaired',
      reason: 'EndedEarlier',
      kubelet: { restarts: 1 },
    });
    expect(await node.repair({ nonce: 'uid-2', remediation: 'other' })).toMatchObject({
      outcome: 'already-right',
    });
    expect(node.restarts).toBe(1);
  });

  it('adds the missing key in the kubeadm layout', async () => {
    node.config = KUBEADM;
    node.write(KUBEADM, 'apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\nx: 1\n');
    node.write(
      '/var/lib/kubelet/kubeadm-flags.env',
      'KUBELET_KUBEADM_ARGS="--container-runtime-endpoint=unix:///x"\n',
    );
    node.argv = [
      '/usr/bin/kubelet',
      '--kubeconfig=/etc/kubernetes/kubelet.conf',
      `--config=${KUBEADM}`,
      '$KUBELET_KUBEADM_ARGS',
      '$KUBELET_EXTRA_ARGS',
    ];
    node.environmentFiles = ['/var/lib/kubelet/kubeadm-flags.env', '/etc/default/kubelet'];
    expect(await node.repair()).toMatchObject({
      outcome: 'repaired',
      layout: 'kubeadm',
      effective: { source: 'built-in default' },
    });
    expect(node.read()).toContain(`kind: KubeletConfiguration\nresolvConf: ${UPLINK}\nx: 1\n`);
  });

  it('replaces the empty value and accepts a risky target if the policy allows it', async () => {
    node.write(KUBESPRAY, BAD.replace('/etc/resolv.conf', ''), 0o600);
    node.write(UPLINK, 'nameserver 169.254.25.10\nnameserver 192.0.2.1\n');
    expect(await node.repair({ replaceEmptyValue: true, acceptRisky: true })).toMatchObject({
      outcome: 'repaired',
    });
    expect(node.read()).toBe(GOOD);
  });

  it('needs only one server of the target to answer', async () => {
    node.write(UPLINK, 'nameserver 192.0.2.1\nnameserver 192.0.2.2\n');
    node.ask = async (server) => ({ result: server === '192.0.2.2' ? 'NOERROR' : 'ECONNREFUSED', ms: 1 });
    expect(await node.repair()).toMatchObject({ outcome: 'repaired' });
  });

  it('changes nothing under a kubelet that systemd has just restarted until it has stayed up, as after a boot', async () => {
    const startedAtMs = await node.startKubelet();
    node.override = { startedAtMs, autoRestarts: 2 };
    expect(await node.repair()).toMatchObject({ outcome: 'repaired', kubelet: { restarts: 1 } });
  });
});

describe('a repair whose new kubelet does not come up', () => {
  it('restores the old bytes if the new kubelet exits', async () => {
    node.starts = (text) => (text === GOOD ? 'exits' : 'runs');
    expect(await node.repair()).toMatchObject({
      outcome: 'rolled-back',
      nodeUnchanged: true,
      kubelet: { restarts: 2, active: true },
    });
    expect(node.read()).toBe(BAD);
    expect(node.journalIsOpen()).toBe(false);
  });

  it('restores the old bytes if the new kubelet runs but does not serve', async () => {
    node.starts = (text) => (text === GOOD ? 'runs without serving' : 'runs');
    const report = await node.repair();
    expect(report).toMatchObject({ outcome: 'rolled-back', reason: 'KubeletDidNotComeUp' });
    expect(report.message).toContain('does not answer');
    expect(node.read()).toBe(BAD);
  });

  it('reports a kubelet that does not come up with the old bytes either', async () => {
    node.starts = () => 'exits';
    expect(await node.repair()).toMatchObject({
      outcome: 'failed',
      reason: 'KubeletDown',
      nodeUnchanged: true,
      kubelet: { active: false },
    });
    expect(node.read()).toBe(BAD);
  });

  it('restores the old bytes without a restart if systemd refuses the restart', async () => {
    node.refusesRestart = true;
    expect(await node.repair()).toMatchObject({
      outcome: 'failed',
      reason: 'RestartFailed',
      nodeUnchanged: true,
      kubelet: { active: true },
    });
    expect(node.read()).toBe(BAD);
    expect(node.restarts).toBe(0);
  });
});
