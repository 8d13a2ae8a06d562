/** The ladder of trust on a real kubelet: each mode does what it says on a broken node, and nothing of the next one. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { breakNode } from '../cluster/break-node.ts';
import { renewDnsPods } from '../cluster/dns/coredns-workload.ts';
import { BAD_RESOLV_CONF, GOOD_RESOLV_CONF, KUBELET_CONFIG } from '../cluster/node/kubelet-files.ts';
import { until } from '../cluster/until.ts';
import {
  policyStatus,
  type RemediationObject,
  remediations,
  restoreCluster,
  scheduling,
  untilRemediation,
} from '../support/rig/cluster-state.ts';
import { rigOfThisWorker } from '../support/rig/e2e-rig.ts';
import { applyPolicy } from '../support/rig/installation.ts';
import { kubeletStarts } from '../support/rig/kubelet.ts';
import { untilCondition } from '../support/rig/node-checks.ts';
import { startPlugin } from '../support/rig/plugin.ts';

const rig = rigOfThisWorker();
const NODE = 'node-1';
const DIFF = `-resolvConf: "${BAD_RESOLV_CONF}"\n+resolvConf: "${GOOD_RESOLV_CONF}"\n`;

/** As an administrator climbs it: one broken node, and the mode of its policy raised step by step. */
describe('on a node whose DNS pod loops', () => {
  let broken: string;
  let line: number;
  let pid: number;

  beforeAll(async () => {
    await restoreCluster(rig);
    await applyPolicy(rig, { mode: 'Observe' });
    await breakNode(rig, NODE);
    broken = await rig.readFile(NODE, KUBELET_CONFIG);
    line = broken.split('\n').findIndex((text) => text.startsWith('resolvConf:')) + 1;
    pid = (await kubeletStarts(rig, NODE)).pid;
  });
  afterAll(async () => restoreCluster(rig));

  const raise = (mode: string) =>
    rig.kubectl(['patch', 'dnshealth', 'coredns', '--type=merge', `--patch={"spec":{"mode":"${mode}"}}`]);
  const said = async (...args: string[]): Promise<string> => {
    const { code, out, err } = await startPlugin(rig, args).ended;
    if (code !== 0) throw new Error(`kubectl dnshealth ${args.join(' ')} ended with ${code}: ${err}${out}`);
    return out;
  };
  const expectUntouched = async (config = broken): Promise<void> => {
    expect(await rig.readFile(NODE, KUBELET_CONFIG)).toBe(config);
    expect((await kubeletStarts(rig, NODE)).pid).toBe(pid);
    expect(await scheduling(rig, NODE)).toMatchObject({ unschedulable: false, ours: [] });
  };
  const whoAmI = async (): Promise<string> =>
    (await rig.kubectl(['auth', 'whoami', '-o', 'jsonpath={.status.userInfo.username}'])).stdout;
  const untilReleased = async () =>
    until(async () => ((await scheduling(rig, NODE)).ours.length === 0 ? true : undefined), {
      what: `${NODE} to be released`,
    });
  /** The record whose plan waits; not one of those that were given. */
  const untilWaiting = (what: string, accept: (record: RemediationObject) => boolean = () => true) =>
    untilRemediation(
      rig,
      NODE,
      what,
      (record) => record.status?.phase === 'AwaitingApproval' && accept(record),
    );

  it('Observe tells of it, and starts nothing there', async () => {
    const seen = await until(
      async () =>
        (await policyStatus(rig))?.observations.find(
          ({ node, cause }) => node === NODE && cause === 'KubeletResolvConf',
        ),
      { what: 'the policy to report the loop' },
    );
    expect(seen.advice).toBeTruthy();
    expect(await remediations(rig)).toEqual([]);
    await expectUntouched();
  });

  it('Plan records the change that a repair would make, and makes none', async () => {
    await raise('Plan');
    const { status } = await untilRemediation(
      rig,
      NODE,
      'to be planned',
      (record) => record.status?.phase === 'Planned',
    );
    expect(status).toMatchObject({
      reason: 'Planned',
      plan: {
        number: 1,
        hash: expect.stringMatching(/^[0-9a-f]{64}$/),
        changes: 'Kubelet',
        file: KUBELET_CONFIG,
        line,
        setting: `${KUBELET_CONFIG}:${line}`,
        target: GOOD_RESOLV_CONF,
        diff: expect.stringContaining(DIFF),
        restarts: ['kubelet.service'],
        recreates: [expect.stringMatching(/^coredns-/)],
      },
    });
    expect(status?.plan).not.toHaveProperty('expiresAt');
    await expectUntouched();
  });

  it('a plan that a person asks for is printed, also of the node that is well', async () => {
    const plans = await said('plan', NODE, 'node-2', '--wait');
    expect(plans).toContain(KUBELET_CONFIG);
    expect(plans).toContain(`-resolvConf: "${BAD_RESOLV_CONF}"`);
    expect(plans).toContain('The kubelet of node node-2 is right already');
    await expectUntouched();
  });

  it('Approve waits for a person, who may say no', async () => {
    await raise('Approve');
    const { metadata, status } = await untilWaiting('to wait for an approval');
    expect(status?.plan?.diff).toContain(DIFF);
    await untilCondition(rig, NODE, 'AwaitingApproval');
    await said('reject', metadata.name, '--reason', 'node is replaced tomorrow');
    const refused = await untilRemediation(
      rig,
      NODE,
      'to be refused',
      (record) => record.metadata.name === metadata.name && record.status?.phase === 'Refused',
    );
    expect(refused.status).toMatchObject({
      reason: 'Rejected',
      message: expect.stringContaining('node is replaced tomorrow'),
    });
    await expectUntouched();
  });

  it('what was approved is done, and nothing else: a file that was edited in between needs another approval', async () => {
    // A rejection holds for the pod that crashed.
    await renewDnsPods(rig, NODE);
    const { metadata, status } = await untilWaiting('of the new pod to wait for an approval');
    const edited = `${broken}# edited after the plan was made\n`;
    await rig.writeFile(NODE, KUBELET_CONFIG, edited, 0o600);

    await said('approve', metadata.name, '--yes');
    await untilRemediation(
      rig,
      NODE,
      'to be refused by the agent',
      (record) => record.status?.attempts[0]?.reason === 'PendingChanges',
    );
    await untilReleased();
    await expectUntouched(edited);

    // By whoever has edited it: now that is in effect, and the plan was made for another file.
    await rig.restartKubelet(NODE);
    const second = await untilWaiting('to be planned again', (record) => record.status?.plan?.number === 2);
    expect(second.metadata.name).toBe(metadata.name);
    expect(second.status?.plan?.hash).not.toBe(status?.plan?.hash);
    expect(await rig.readFile(NODE, KUBELET_CONFIG)).toBe(edited);

    await said('approve', metadata.name, '--yes');
    const healed = await untilRemediation(
      rig,
      NODE,
      'to be healed',
      (record) => record.metadata.name === metadata.name && record.status?.phase === 'Healed',
    );
    expect(healed.status).toMatchObject({
      reason: 'Verified',
      approval: { hash: second.status?.plan?.hash, by: await whoAmI() },
    });
    expect(await rig.readFile(NODE, KUBELET_CONFIG)).toBe(edited.replace(BAD_RESOLV_CONF, GOOD_RESOLV_CONF));
    expect(await scheduling(rig, NODE)).toMatchObject({ unschedulable: false, ours: [] });
  });
});
