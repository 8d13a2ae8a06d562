/** The chart on a rig, in one line and watched: the operator heals the node, answers `helm test`, and goes in the middle of a repair. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { breakNode } from '../../cluster/break-node.ts';
import { buildHelms } from '../../cluster/build/go-programs.ts';
import { BAD_RESOLV_CONF, GOOD_RESOLV_CONF, KUBELET_CONFIG } from '../../cluster/node/kubelet-files.ts';
import { run } from '../../cluster/run.ts';
import { until } from '../../cluster/until.ts';
import { CHART, helmHome, policyCommandOf } from '../../support/chart/helm.ts';
import type { DiscoveredPod } from '../../support/monitoring/scrape-config.ts';
import { startWatcher, type Watcher } from '../../support/monitoring/watcher.ts';
import { restoreCluster, scheduling, untilEnded } from '../../support/rig/cluster-state.ts';
import { rigOfThisWorker } from '../../support/rig/e2e-rig.ts';
import {
  installFrailKubelet,
  removeFrailKubelet,
  setFrailty,
  untilStep,
} from '../../support/rig/frail-kubelet.ts';
import { applyPolicy, installImage, PROJECT_ROOT } from '../../support/rig/installation.ts';
import { inNode, loopInPlace } from '../../support/rig/node-files.ts';
import { startPlugin } from '../../support/rig/plugin.ts';

const rig = rigOfThisWorker();
const programs = await buildHelms(console.error);
const NODE = 'node-1';
const RELEASE = 'dnshealth';
/** That of the policy which the notes of the chart tell a reader to create. */
const POLICY = 'default';
const FREE = { unschedulable: false, taints: [], ours: [] };

let folder: string;
let watcher: Watcher;

const pods = async () =>
  (await rig.api.json<{ readonly items: readonly DiscoveredPod[] }>('/api/v1/pods')).items;
const phaseOf = async (namespace: string) =>
  (await rig.kubectl(['get', 'namespace', namespace, '--ignore-not-found', '-o', 'jsonpath={.status.phase}']))
    .stdout;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'dnshealth-helm-'));
  await restoreCluster(rig);
  await installFrailKubelet(rig, NODE);
  await rig.kubectl(['delete', '-k', `${PROJECT_ROOT}/config/default`, '--wait=true']);
  watcher = await startWatcher(pods);
});
afterAll(async () => {
  await watcher.stop();
  await setFrailty(rig, NODE, 'well');
  await removeFrailKubelet(rig, NODE);
  await installImage(rig, inject('operatorImage'), () => {});
  await restoreCluster(rig);
  rmSync(folder, { recursive: true });
});

describe.each(programs.map((program, index) => ({ program, version: index + 3 })))(
  'Helm $version',
  ({ program }) => {
    let notes: string;

    const env = () => ({
      KUBECONFIG: rig.kubeconfigPath,
      ...helmHome(folder),
      // The notes name kubectl as a shell finds it.
      PATH: `${dirname(rig.kubectlCommand([])[0] ?? '')}:${process.env.PATH}`,
    });
    const helm = async (...args: readonly string[]) =>
      (await run([program, ...args, '--namespace', 'kube-system'], { env: env() })).stdout;

    it('installs an operator that is ready, in one line', async () => {
      notes = await helm('install', RELEASE, CHART, '--wait');
      expect(notes).toContain('is installed. Its image: dnshealth-operator:');
    });

    it('answers helm test', async () => {
      expect(await helm('test', RELEASE)).toMatch(/^Phase: +Succeeded$/m);
    });

    it('tells of the loop under the policy of the notes, and that it is over once the policy may repair', async () => {
      await run(['sh', '-c', policyCommandOf(notes)], { env: env() });
      await breakNode(rig, NODE);
      const { annotations } = await watcher.untilFiring('DNSHealthLoopNotRepaired', { policy: POLICY });
      expect(annotations.runbook_url).toMatch(/\/docs\/runbooks\/DNSHealthLoopNotRepaired\.md$/);

      await rig.kubectl(['patch', 'dnshealth', POLICY, '--type=merge', '--patch={"spec":{"mode":"Repair"}}']);
      expect((await untilEnded(rig, NODE)).status).toMatchObject({ phase: 'Healed', reason: 'Verified' });
      await watcher.untilResolved('DNSHealthLoopNotRepaired');
      expect(await rig.resolvConf(NODE)).toBe(GOOD_RESOLV_CONF);
      expect(await scheduling(rig, NODE)).toEqual(FREE);
    });

    it('leaves nothing on the node when it is uninstalled in the middle of a repair, and then cleaned up', async () => {
      await restoreCluster(rig);
      await setFrailty(rig, NODE, 'waits');
      await loopInPlace(rig, NODE);
      const found = await rig.readFile(NODE, KUBELET_CONFIG);
      await applyPolicy(rig, {});
      await untilStep(rig, NODE, 'restarting');
      const uninstalled = helm('uninstall', RELEASE);
      await until(async () => (await phaseOf('dnshealth-node')) !== 'Active' || undefined, {
        what: 'the namespace of the agent to be deleted',
      });
      await setFrailty(rig, NODE, 'well');
      await uninstalled;
      await until(async () => (await phaseOf('dnshealth-node')) === '' || undefined, {
        what: 'the namespace of the agent to be gone',
      });

      expect(await startPlugin(rig, ['cleanup', '--wait']).ended).toMatchObject({ code: 0 });
      expect(await scheduling(rig, NODE)).toEqual(FREE);
      const left = await rig.readFile(NODE, KUBELET_CONFIG);
      expect([found, found.replace(BAD_RESOLV_CONF, GOOD_RESOLV_CONF)]).toContain(left);
      expect(await inNode(rig, NODE, 'systemctl', 'is-active', 'kubelet.service')).toBe('active');
      // Without an operator: nothing holds them back.
      await restoreCluster(rig);
    });
  },
);
