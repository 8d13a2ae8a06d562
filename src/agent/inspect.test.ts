import { lstatSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BAD, FakeNode, GOOD, KUBESPRAY, UPLINK } from './testing/fake-node.ts';

let node: FakeNode;
beforeEach(() => {
  node = new FakeNode();
});
afterEach(() => rmSync(node.root, { recursive: true }));

/** Everything in the tree that a write would change. */
function snapshot(): readonly string[] {
  return readdirSync(node.root, { recursive: true, encoding: 'utf8' })
    .toSorted()
    .map((path) => {
      const { ino, mode, size, mtimeMs, ctimeMs } = lstatSync(join(node.root, path));
      return [path, ino, mode, size, mtimeMs, ctimeMs].join(' ');
    });
}

describe('a dry run', () => {
  it('reports the change as a unified diff and changes nothing', async () => {
    await node.startKubelet();
    const before = snapshot();
    expect(await node.inspect()).toMatchObject({
      outcome: 'would-change',
      reason: 'WouldChange',
      layout: 'kubespray',
      effective: { value: '/etc/resolv.conf', source: `${KUBESPRAY}:4` },
      current: { class: 'stub' },
      target: { path: UPLINK, class: 'ok' },
      diff: `--- ${KUBESPRAY}
+++ ${KUBESPRAY}
@@ -1,5 +1,5 @@
 apiVersion: kubelet.config.k8s.io/v1beta1
 kind: KubeletConfiguration
 # set by the inventory
-resolvConf: "/etc/resolv.conf"
+resolvConf: "${UPLINK}"
 eventRecordQPS: 50
`,
    });
    expect(snapshot()).toEqual(before);
    expect(node.restarts).toBe(0);
  });

  it('shows no secret that lies beside the value', async () => {
    node.write(
      KUBESPRAY,
      `${BAD}staticPodURLHeader: {"Authorization": ["Basic dXNlcjpwYXNzd29yZA=="]}\n`,
      0o600,
    );
    const { diff } = await node.inspect();
    expect(diff).toContain('+resolvConf');
    expect(diff).not.toContain('dXNlcjpwYXNzd29yZA');
  });

  it('predicts what a repair then does', async () => {
    const { diff } = await node.inspect();
    const { change } = await node.repair();
    expect(diff).toContain(`-${change?.before}\n+${change?.after}\n`);
    expect(await node.inspect()).toMatchObject({ outcome: 'already-right' });
    expect(node.read()).toBe(GOOD);
  });

  it.each<[string, string, (n: FakeNode) => unknown]>([
    ['of the target', 'TargetMissing', (n) => rmSync(join(n.root, UPLINK))],
    ['of the file', 'ConfigNotParseable', (n) => n.write(KUBESPRAY, `${BAD}"\n`)],
    ['of the unit', 'UnitMasked', (n) => (n.override = { loadState: 'masked' })],
    ['of the servers', 'TargetSilent', (n) => (n.ask = async () => ({ result: 'timeout', ms: 1 }))],
  ])('reports a refusal with its advice because %s', async (_what, reason, prepare) => {
    prepare(node);
    const report = await node.inspect();
    expect(report).toMatchObject({ outcome: 'refused', reason });
    expect(report.advice).toMatch(/\w+/);
    expect(report.diff).toBeUndefined();
  });
});
