/** The rig itself, without the operator: it is a real cluster, a node can be broken, and it leaves nothing behind. */
import { spawn } from 'node:child_process';
import { Resolver } from 'node:dns/promises';
import { once } from 'node:events';
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

/** What is on the machine, without rigs that are not ours. */
const machine = () => footprint(knownRigs().filter((name) => !name.startsWith('rigtest')));

function resolver(server: string): Resolver {
  const dns = new Resolver({ timeout: 1000, tries: 2 });
  dns.setServers([server]);
  return dns;
}

describe('a running rig', () => {
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

  test('has a Ready CoreDNS pod on each of its two nodes', async () => {
    const pods = await rig.dnsPods();
    expect(new Set(pods.map((pod) => pod.spec.nodeName))).toEqual(new Set(['node-1', 'node-2']));
  });

  test('resolves cluster names and external names through the Service and at each pod', async () => {
    const pods = await rig.dnsPods();
    for (const server of [rig.clusterDns, ...pods.map((pod) => pod.status.podIP ?? '')]) {
      const dns = resolver(server);
      expect(await dns.resolve4('kubernetes.default.svc.cluster.local')).toEqual([
        rig.plan.primary.kubernetesService,
      ]);
      expect(await dns.resolve4('example.com')).toEqual(['203.0.113.10']);
      await expect(dns.resolve4('nowhere.invalid')).rejects.toMatchObject({ code: 'ENOTFOUND' });
    }
  });

  test('runs systemd-resolved on each node, with its stub in /etc/resolv.conf', async () => {
    expect(await rig.readFile('node-1', '/etc/resolv.conf')).toContain('nameserver 127.0.0.53');
    expect(await rig.readFile('node-1', GOOD_RESOLV_CONF)).toContain(
      `nameserver ${rig.plan.primary.controlPlane}`,
    );
    const query = await rig.exec('node-1', ['resolvectl', 'query', 'example.com']);
    expect(query.stdout).toContain('203.0.113.10');
  });

  test('can freeze, kill and restart its apiserver', async () => {
    await rig.signalComponent('apiserver', 'SIGSTOP');
    await rig.signalComponent('apiserver', 'SIGCONT');
    await rig.waitForApiserver();
    await rig.signalComponent('apiserver', 'SIGKILL');
    expect(rig.components().get('apiserver')).toBeUndefined();
    rig.startComponent('apiserver');
    await rig.waitForApiserver();
    await rig.waitForDns();
  });

  test('breaks a node by a wrong resolvConf and a reboot, and repairs it by hand', async () => {
    const bootId = () => rig.readFile('node-1', '/proc/sys/kernel/random/boot_id');
    const [configBefore, bootBefore] = [await rig.readFile('node-1', KUBELET_CONFIG), await bootId()];
    const crash = await breakNode(rig, 'node-1');
    expect(crash?.line).toMatch(
      /^\[FATAL\] plugin\/loop: Loop \(127\.0\.0\.1:\d+ -> :53\) detected for zone "\."/,
    );
    expect(await bootId()).not.toBe(bootBefore);
    const configAfter = await rig.readFile('node-1', KUBELET_CONFIG);
    expect(configAfter).toBe(configBefore.replace(GOOD_RESOLV_CONF, '/etc/resolv.conf'));
    // The pod of the other node still answers, and so does the Service.
    expect(await resolver(rig.clusterDns).resolve4('example.com')).toEqual(['203.0.113.10']);

    await healNode(rig, 'node-1');
    expect(await rig.readFile('node-1', KUBELET_CONFIG)).toBe(configBefore);
    const [pod] = await rig.dnsPods('node-1');
    expect(await resolver(pod?.status.podIP ?? '').resolve4('example.com')).toEqual(['203.0.113.10']);
  });

  test('can kill the process of one container', async () => {
    const [pod] = await rig.dnsPods('node-2');
    if (!pod) throw new Error('no CoreDNS pod on node-2');
    await rig.killContainer('kube-system', pod.metadata.name);
    await expect
      .poll(async () => (await rig.dnsPods('node-2'))[0]?.status.containerStatuses?.[0]?.restartCount, {
        timeout: 30_000,
      })
      .toBe((pod.status.containerStatuses?.[0]?.restartCount ?? 0) + 1);
  });

  test('runs beside another rig, which has both IP families', async () => {
    const second = await Rig.up({ name: 'rigtest-two', ipFamily: 'dual' });
    try {
      expect(second.plan.slot).not.toBe(rig.plan.slot);
      for (const { clusterDns } of second.plan.networks) {
        const dns = resolver(clusterDns);
        expect(await dns.resolve4('example.com')).toEqual(['203.0.113.10']);
        expect(await dns.resolve6('example.com')).toEqual(['2001:db8::10']);
      }
      expect(await resolver(rig.clusterDns).resolve4('example.com')).toEqual(['203.0.113.10']);
    } finally {
      await second.down();
    }
    // The end of the second rig does not touch the first.
    expect(await resolver(rig.clusterDns).resolve4('example.com')).toEqual(['203.0.113.10']);
  });

  test('leaves no process, mount, namespace, link, route or cgroup behind', async () => {
    await rig.down();
    expect(await machine()).toEqual(before);
    // Once more, with nothing left to remove.
    await tearDown(rigPaths('rigtest'));
    expect(await machine()).toEqual(before);
  });
});

describe('a start that is killed', () => {
  test.each([300, 1200, 3000, 7000])(
    'after %d ms leaves nothing behind once the rig is taken down',
    async (ms) => {
      const before = await machine();
      const up = spawn(process.execPath, [CLI, '--name', 'rigtest-crash', 'up'], { stdio: 'ignore' });
      await sleep(ms);
      up.kill('SIGKILL');
      await once(up, 'exit');
      await tearDown(rigPaths('rigtest-crash'));
      expect(await machine()).toEqual(before);
    },
  );
});
