/** CoreDNS without the loop plugin on nodes whose kubelet gives it the stub: nothing crashes, no external name resolves. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { RemediationStatus } from '../../src/api/remediation.ts';
import { podOf } from '../../src/api/trigger.ts';
import { editCorefile, renewDnsPods, restoreDns, spreadDnsPods } from '../cluster/dns/coredns-workload.ts';
import { LOOP_REMOVED } from '../cluster/faults/loop-removed.ts';
import { BAD_RESOLV_CONF, GOOD_RESOLV_CONF } from '../cluster/node/kubelet-files.ts';
import { until } from '../cluster/until.ts';
import {
  policyStatus,
  type RemediationObject,
  remediations,
  restoreCluster,
  untilEnded,
} from '../support/rig/cluster-state.ts';
import { type ConditionWatch, watchHealth } from '../support/rig/condition-watch.ts';
import { rigOfThisWorker } from '../support/rig/e2e-rig.ts';
import { applyPolicy } from '../support/rig/installation.ts';

const rig = rigOfThisWorker();
const [NODE = '', OTHER = ''] = rig.nodes.map(({ name }) => name);
const INTERVAL_SECONDS = 10;
/** The answer to the last question of the second interval, and the write of the status. */
const SLACK_MS = 5_000;

async function untilHealthy(): Promise<void> {
  await until(async () => (await policyStatus(rig))?.conditions.some(isWell) || undefined, {
    what: 'the policy to report that all pods answer',
  });
}
const isWell = ({ type, reason }: { readonly type: string; readonly reason: string }) =>
  type === 'Healthy' && reason === 'AllPodsAnswer';

beforeAll(async () => {
  await restoreCluster(rig);
  await applyPolicy(rig, { prober: { intervalSeconds: INTERVAL_SECONDS } });
  await untilHealthy();
});
afterAll(async () => {
  for (const { name } of rig.nodes) await rig.setResolvConf(name, GOOD_RESOLV_CONF);
  for (const { name } of rig.nodes) await rig.restartKubelet(name);
  await restoreDns(rig);
  await restoreCluster(rig);
});

describe('with "loop" removed, on a broken node', () => {
  let watch: ConditionWatch;
  let brokenAt: number;
  let ended: RemediationObject & { status: RemediationStatus };

  beforeAll(async () => {
    watch = watchHealth(rig);
    await LOOP_REMOVED.break(rig, NODE);
    brokenAt = Date.now();
    ended = await untilEnded(rig, NODE);
    await until(async () => watch.turns.at(-1)?.reason === 'AllPodsAnswer' || undefined, {
      what: 'the policy to report that all pods answer',
    });
    await watch.stop();
  });

  it('is seen within two intervals, as the loop that it is', () => {
    const seen = watch.turns.find(({ reason }) => reason === 'LateLoop');
    expect(seen?.at).toBeLessThan(brokenAt + 2 * INTERVAL_SECONDS * 1000 + SLACK_MS);
  });

  it('is healed hands off, as an incident of that pod', () => {
    expect(ended.status).toMatchObject({ phase: 'Healed', reason: 'Verified' });
    expect(ended.spec).toMatchObject({
      trigger: 'LateLoop',
      lateLoop: { check: { resolvConf: { class: 'stub' } }, siblings: [{ node: OTHER }] },
    });
    expect(ended.status.deletedPods.map(({ uid }) => uid)).toEqual([podOf(ended.spec)?.uid]);
  });

  it('was not called healthy before its replacement answered', () => {
    const answeredAt = Date.parse(ended.status.verification?.firstSuccess ?? '');
    const during = watch.turns.filter(({ at }) => at > brokenAt && at < answeredAt);
    expect(during.map(({ reason }) => reason)).toContain('LateLoop');
    expect(during.map(({ status }) => status)).not.toContain('True');
    expect(watch.statusAt(brokenAt)).not.toBe('True');
    expect(watch.turns.at(-1)).toMatchObject({ status: 'True', reason: 'AllPodsAnswer' });
  });

  it('leaves no check behind', async () => {
    const path = '/api/v1/namespaces/dnshealth-check/pods';
    const pods = await rig.api.json<{ items: readonly { metadata: { name: string } }[] }>(path);
    expect(pods.items.filter(({ metadata }) => metadata.name.startsWith('late-loop-'))).toEqual([]);
  });
});

describe('with "loop" removed, on all nodes', () => {
  it('they are healed one after the other, although no pod is left to compare with', async () => {
    await rig.kubectl(['delete', 'dnsremediations', '--all', '--wait=true']);
    // The last repair may have left both pods on one node.
    await spreadDnsPods(rig);
    await untilHealthy();
    for (const node of [NODE, OTHER]) await rig.setResolvConf(node, BAD_RESOLV_CONF);
    for (const node of [NODE, OTHER]) await rig.restartKubelet(node);
    for (const node of [NODE, OTHER]) await renewDnsPods(rig, node);
    const both = await Promise.all([NODE, OTHER].map(async (node) => untilEnded(rig, node, 600_000)));
    expect(both.map(({ status }) => status.phase)).toEqual(['Healed', 'Healed']);
    expect(both.map(({ spec }) => spec.trigger)).toEqual(['LateLoop', 'LateLoop']);
    await untilHealthy();
  });
});

describe('an upstream resolver that is down for a while', () => {
  afterEach(async () => {
    if (rig.components().get('resolver') === undefined) rig.startComponent('resolver');
    await editCorefile(rig, '    reload\n', '    loop\n    reload\n');
  });

  it('is reported as that, touches no node, and recovers by itself', async () => {
    await rig.kubectl(['delete', 'dnsremediations', '--all', '--wait=true']);
    const watch = watchHealth(rig);
    await rig.signalComponent('resolver', 'SIGTERM');
    await until(async () => watch.turns.some(({ reason }) => reason === 'UpstreamUnreachable') || undefined, {
      what: 'the policy to report the upstream',
    });
    rig.startComponent('resolver');
    await untilHealthy();
    await watch.stop();
    expect(await remediations(rig)).toEqual([]);
    expect(watch.turns.map(({ reason }) => reason)).not.toContain('LateLoop');
  });
});
