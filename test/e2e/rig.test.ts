/** The rig keeps its own promises: a real cluster, the article's failure, and nothing left of it afterwards. */
import { spawn } from 'node:child_process';
import { Resolver } from 'node:dns/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { breakNode, healNode } from '../cluster/break-node.ts';
import { footprint } from '../cluster/footprint.ts';
import { GOOD_RESOLV_CONF, KUBELET_CONFIG } from '../cluster/node/kubelet-files.ts';
import { Rig } from '../cluster/rig.ts';
import { rigPaths } from '../cluster/rig-paths.ts';
import { knownRigs } from '../cluster/rig-state.ts';
import { tearDown } from '../cluster/teardown/down.ts';

const OURS = ['rigtest', 'rigtest-two', 'rigtest-crash'];
const CLI = new URL('../cluster/cli.ts', import.meta.url).pathname;

/** What is on the machine, without the rigs of whoever else works on it. */
const machine = () => footprint(knownRigs().filter((name) => !name.startsWith('rigtest')));

function resolver(server: string): Resolver {
  const asked = new Resolver({ timeout: 1000, tries: 2 });
  asked.setServers([server]);
  return asked;
}

describe('a rig that runs', () => {
  let before: string[];
  let rig: Rig;

  beforeAll(async () => {
    for (const name of OURS) await tearDown(rigPaths(name));
    before = await machine();
    rig = await Rig.up({ name: 'rigtest' });
  });

  afterAll(async () => {
    for (const name of OURS) await tearDown(rigPaths(name));
  });

  test('has two nodes with a Ready CoreDNS pod each', async () => {
    const pods = await rig.dnsPods();
    expect(new Set(pods.map((pod) => pod.spec.nodeName))).toEqual(new Set(['node-1', 'node-2']));
  });

  test('answers cluster names and external names through the Service and at each pod', async () => {
    const pods = await rig.dnsPods();
    for (const server of [rig.clusterDns, ...pods.map((pod) => pod.status.podIP ?? '')]) {
      const asked = resolver(server);
      expect(await asked.resolve4('kubernetes.default.svc.cluster.local')).toEqual([
        rig.plan.kubernetesService,
      ]);
      expect(await asked.resolve4('example.com')).toEqual(['203.0.113.10']);
      await expect(asked.resolve4('nowhere.invalid')).rejects.toMatchObject({ code: 'ENOTFOUND' });
    }
  });

  test('has nodes whose own resolver is the systemd-resolved stub', async () => {
    expect(await rig.readFile('node-1', '/etc/resolv.conf')).toContain('nameserver 127.0.0.53');
    expect(await rig.readFile('node-1', GOOD_RESOLV_CONF)).toContain(`nameserver ${rig.plan.controlPlane}`);
    const asked = await rig.exec('node-1', ['resolvectl', 'query', 'example.com']);
    expect(asked.stdout).toContain('203.0.113.10');
  });

  test('has an apiserver that can be frozen, killed and started again', async () => {
    await rig.signalComponent('apiserver', 'SIGSTOP');
    await rig.signalComponent('apiserver', 'SIGCONT');
    await rig.waitForApiserver();
    await rig.signalComponent('apiserver', 'SIGKILL');
    expect(rig.components().get('apiserver')).toBeUndefined();
    rig.startComponent('apiserver');
    await rig.waitForApiserver();
    await rig.waitForDns();
  });

  test('breaks a node as the article tells and is healed by hand', async () => {
    const bootId = () => rig.readFile('node-1', '/proc/sys/kernel/random/boot_id');
    const [configBefore, bootBefore] = [await rig.readFile('node-1', KUBELET_CONFIG), await bootId()];
    const death = await breakNode(rig, 'node-1');
    expect(death?.line).toMatch(
      /^\[FATAL\] plugin\/loop: Loop \(127\.0\.0\.1:\d+ -> :53\) detected for zone "\."/,
    );
    expect(await bootId()).not.toBe(bootBefore);
    const configAfter = await rig.readFile('node-1', KUBELET_CONFIG);
    expect(configAfter).toBe(configBefore.replace(GOOD_RESOLV_CONF, '/etc/resolv.conf'));
    // The other node's pod goes on answering, the Service with it.
    expect(await resolver(rig.clusterDns).resolve4('example.com')).toEqual(['203.0.113.10']);

    await healNode(rig, 'node-1');
    expect(await rig.readFile('node-1', KUBELET_CONFIG)).toBe(configBefore);
    const [pod] = await rig.dnsPods('node-1');
    expect(await resolver(pod?.status.podIP ?? '').resolve4('example.com')).toEqual(['203.0.113.10']);
  });

  test('kills the process of one container', async () => {
    const [pod] = await rig.dnsPods('node-2');
    if (!pod) throw new Error('no CoreDNS pod on node-2');
    await rig.killContainer('kube-system', pod.metadata.name);
    await expect
      .poll(async () => (await rig.dnsPods('node-2'))[0]?.status.containerStatuses?.[0]?.restartCount, {
        timeout: 30_000,
      })
      .toBe((pod.status.containerStatuses?.[0]?.restartCount ?? 0) + 1);
  });

  test('runs beside another rig', async () => {
    const second = await Rig.up({ name: 'rigtest-two' });
    try {
      expect(second.plan.slot).not.toBe(rig.plan.slot);
      expect(await resolver(second.clusterDns).resolve4('example.com')).toEqual(['203.0.113.10']);
      expect(await resolver(rig.clusterDns).resolve4('example.com')).toEqual(['203.0.113.10']);
    } finally {
      await second.down();
    }
    // The first one is untouched by the end of the second.
    expect(await resolver(rig.clusterDns).resolve4('example.com')).toEqual(['203.0.113.10']);
  });

  test('leaves no process, mount, namespace, link, route or cgroup behind', async () => {
    await rig.down();
    expect(await machine()).toEqual(before);
    // Again, with nothing there.
    await tearDown(rigPaths('rigtest'));
    expect(await machine()).toEqual(before);
  });
});

describe('a start that is killed half-way', () => {
  test.each([300, 1200, 3000, 7000])(
    'after %d ms leaves nothing behind once it is taken down',
    async (ms) => {
      const before = await machine();
      const up = spawn(process.execPath, [CLI, '--name', 'rigtest-crash', 'up'], { stdio: 'ignore' });
      await sleep(ms);
      up.kill('SIGKILL');
      await tearDown(rigPaths('rigtest-crash'));
      expect(await machine()).toEqual(before);
    },
  );
});
