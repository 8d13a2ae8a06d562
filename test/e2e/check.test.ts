import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { breakNode } from '../cluster/break-node.ts';
import { until } from '../cluster/until.ts';
import { restoreCluster, untilEnded } from '../support/rig/cluster-state.ts';
import { rigOfThisWorker } from '../support/rig/e2e-rig.ts';
import { applyPolicy } from '../support/rig/installation.ts';
import { untilReadyAgain } from '../support/rig/kubelet.ts';
import { startPlugin } from '../support/rig/plugin.ts';

const rig = rigOfThisWorker();
const CHECKS = '/api/v1/namespaces/dnshealth-check/pods';
const UPLINK = /^10\.\d+\.0\.1$/;

const pods = async () =>
  (await rig.api.json<{ items: { metadata: { name: string } }[] }>(CHECKS)).items.map(
    ({ metadata }) => metadata.name,
  );
const run = async (...args: string[]) => startPlugin(rig, ['check', ...args]).ended;

beforeAll(async () => {
  await restoreCluster(rig);
  const since = Date.now();
  await breakNode(rig, 'node-2');
  // Otherwise it would not be checked.
  await untilReadyAgain(rig, 'node-2', since);
});
afterAll(async () => restoreCluster(rig));

describe('kubectl dnshealth check --all, with one node that hands out the stub', () => {
  it('shows what each node hands out, and fails', async () => {
    const { code, out } = await run('--all', '-o', 'json');
    const { namespace, program, nodes } = JSON.parse(out);
    expect({ namespace, program }).toEqual({ namespace: 'dnshealth-check', program: 'agent' });
    expect(nodes).toMatchObject([
      {
        node: 'node-1',
        outcome: 'usable',
        resolvConf: { class: 'ok', nameservers: [expect.stringMatching(UPLINK)] },
        // Cluster DNS is not to be relied on: the pod that loops is one of its servers for a moment after each start.
        answers: [{ scope: 'External', result: 'NXDOMAIN' }, { scope: 'Cluster' }],
      },
      { node: 'node-2', outcome: 'looping', resolvConf: { class: 'stub', nameservers: ['127.0.0.53'] } },
    ]);
    expect(code).toBe(1);
    expect(await pods()).toEqual([]);
  });

  it('finds the same with the image of CoreDNS, which has no shell and no Corefile of ours', async () => {
    const { code, out } = await run('--all', '--program', 'coredns', '-o', 'json');
    expect(JSON.parse(out).nodes).toMatchObject([
      { node: 'node-1', outcome: 'usable' },
      { node: 'node-2', outcome: 'looping', message: expect.stringContaining('[FATAL] plugin/loop: Loop (') },
    ]);
    expect(code).toBe(1);
    expect(await pods()).toEqual([]);
  });

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('leaves no pod after %s', async (signal, code) => {
    const program = startPlugin(rig, ['check', '--all', '--program', 'coredns']);
    await until(async () => ((await pods()).length > 0 ? true : undefined), {
      what: 'a pod of the check',
      everyMs: 50,
    });
    program.kill(signal);
    expect(await program.ended).toMatchObject({ code, out: '' });
    expect(await pods()).toEqual([]);
  });

  it('says which image a node does not have, and takes that for no fault', async () => {
    const { code, out } = await run('node-1', '--image', 'registry.invalid/dnshealth-operator:none');
    expect(out).toMatch(/node-1 +not checked .*cannot be pulled.*registry\.invalid/);
    expect(code).toBe(2);
    expect(await pods()).toEqual([]);
  });
});

it('the proof after a repair is a check in the same namespace', async () => {
  await applyPolicy(rig, {});
  const proof = await until(async () => (await pods()).find((name) => name.endsWith('-proof')), {
    what: 'the proof pod',
    everyMs: 100,
  });
  const { metadata, status } = await untilEnded(rig, 'node-2');
  expect(proof).toBe(`${metadata.name}-proof`);
  expect(status).toMatchObject({
    phase: 'Healed',
    proof: { verb: 'check', outcome: 'usable', resolvConf: { text: expect.stringContaining('nameserver ') } },
  });

  const { code, out } = await run('--all', '-o', 'json');
  const wellAnswered = {
    outcome: 'usable',
    answers: [
      { scope: 'External', result: 'NXDOMAIN' },
      { scope: 'Cluster', result: 'NOERROR' },
    ],
  };
  expect(JSON.parse(out).nodes).toMatchObject([wellAnswered, wellAnswered]);
  expect(code).toBe(0);
});
