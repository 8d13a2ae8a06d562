import { chmodSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { explainRewrite } from '../diagnosis/rewriters/explain.ts';
import { BAD, FakeNode, GOOD, KUBEADM, KUBESPRAY } from './testing/fake-node.ts';

let node: FakeNode;
beforeEach(() => {
  node = new FakeNode();
});
afterEach(() => rmSync(node.root, { recursive: true }));

/** As `rename(2)` of a finished file, which is how Ansible and most editors save. */
function replace(path: string, text: string, mode: number): void {
  node.write(`${path}.new`, text, mode);
  renameSync(join(node.root, `${path}.new`), join(node.root, path));
}

/** What each leaves on a node, in the order in which it writes. */
const LEAVES: Readonly<Record<string, (n: FakeNode) => void>> = {
  'KubesprayRun high': () => {
    // The role: environment with a backup, configuration, unit with a backup.
    node.write('/etc/kubernetes/kubelet.env.8231.2026-11-26@18:00:01~', 'KUBELET_ARGS=""\n', 0o600);
    replace('/etc/kubernetes/kubelet.env', node.read('/etc/kubernetes/kubelet.env'), 0o600);
    replace(KUBESPRAY, BAD, 0o600);
    replace('/etc/systemd/system/kubelet.service', '[Service]\n', 0o600);
  },
  'KubeadmUpgradeNode high': () => {
    node.write('/etc/kubernetes/tmp/kubeadm-kubelet-config1743/config.yaml', GOOD, 0o600);
    node.write(KUBEADM, BAD, 0o644);
  },
  'Person high': () => {
    node.write('/etc/kubernetes/.kubelet-config.yaml.swp', 'b0VIM', 0o600);
    replace(KUBESPRAY, BAD, 0o600);
  },
  'BootScript medium': () => {
    node.uptimeMs = 30_000;
    node.write(KUBESPRAY, BAD, 0o600);
  },
  'CloudInit high': () => {
    node.uptimeMs = 30_000;
    node.write(KUBESPRAY, BAD, 0o600);
    node.write('/run/cloud-init/result.json', '{"v1": {"errors": []}}');
  },
};

describe('on a node that was repaired and is wrong again', () => {
  it.each(Object.keys(LEAVES))('the traces on its disk lead to %s', async (expected) => {
    if (expected.startsWith('Kubeadm')) {
      node.config = KUBEADM;
      node.write(KUBEADM, BAD, 0o644);
      node.write('/etc/kubernetes/kubelet.env', `KUBELET_ARGS="--config=${KUBEADM}"\n`);
    }
    expect((await node.repair()).outcome).toBe('repaired');
    LEAVES[expected]?.(node);
    node.restartByHand();
    const report = await node.repair({ remediation: 'node-1-again', nonce: 'uid-2' });
    expect(report.rewritten).toMatchObject({ sinceRepair: 'node-1-abc', content: 'AsBefore' });
    const [best] = explainRewrite(report, undefined);
    expect(`${best?.explanation} ${best?.confidence}`).toBe(expected);
  });

  it('a run that only reads sees the same, without the lock', async () => {
    expect((await node.repair()).outcome).toBe('repaired');
    LEAVES['Person high']?.(node);
    node.restartByHand();
    const report = await node.inspect();
    expect(report.rewritten).toMatchObject({ sinceRepair: 'node-1-abc', content: 'AsBefore' });
    const [best] = explainRewrite(report, undefined);
    expect(`${best?.explanation} ${best?.confidence}`).toBe('Person high');
  });

  it('a file that was corrected without a restart counts as repaired', async () => {
    node.write(KUBESPRAY, GOOD, 0o600);
    await node.startKubelet();
    node.given = 'nameserver 192.0.2.53\n';
    node.write(KUBESPRAY, BAD, 0o600);
    expect((await node.repair({ restart: false })).outcome).toBe('corrected');
    LEAVES['Person high']?.(node);
    expect((await node.inspect({ restart: false })).rewritten).toMatchObject({
      sinceRepair: 'node-1-abc',
      content: 'AsBefore',
    });
  });

  it.each([
    ['there is none', (n: FakeNode) => rmSync(join(n.root, 'var/lib/dnshealth'), { recursive: true })],
    ['anyone can write there', (n: FakeNode) => chmodSync(join(n.root, 'var/lib/dnshealth'), 0o777)],
  ])(
    'a run that only reads goes by the times of the files if the directory of the repairs cannot be trusted: %s',
    async (_what, spoil) => {
      expect((await node.repair()).outcome).toBe('repaired');
      LEAVES['Person high']?.(node);
      node.restartByHand();
      spoil(node);
      const report = await node.inspect();
      expect(report).toMatchObject({ outcome: 'would-change', rewritten: { path: KUBESPRAY } });
      expect(report.rewritten).not.toHaveProperty('sinceRepair');
      expect(explainRewrite(report, new Date(0).toISOString())).toMatchObject([
        { explanation: 'Person' },
        { explanation: 'KubesprayRun' },
      ]);
    },
  );

  it('nothing is to be explained while the file is as the repair left it', async () => {
    expect((await node.repair()).outcome).toBe('repaired');
    const report = await node.repair({ remediation: 'node-1-again', nonce: 'uid-2' });
    expect(report).toMatchObject({ outcome: 'already-right', rewritten: { content: 'AsRepaired' } });
    expect(explainRewrite(report, undefined)).toEqual([]);
  });
});
