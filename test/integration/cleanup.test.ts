/** `kubectl dnshealth cleanup` on a real apiserver, after an operator that is gone in the middle of its work. */
import { describe, expect, it } from 'vitest';
import { checkRequestSchema } from '../../src/api/agent-protocol.ts';
import { proofPodName, startCheck } from '../../src/effects/check-pod.ts';
import { writeNodeCheck } from '../../src/effects/node-condition.ts';
import { AGENT_IMAGE } from '../support/apiserver/admission.ts';
import { auditedReads } from '../support/apiserver/audit-log.ts';
import { aNodeRecord } from '../support/objects/node-records.ts';
import {
  AGENT_PODS,
  abandonedStage,
  CHECKS,
  ENDED,
  INCIDENTS,
  JOBS,
  MERGE,
  RUNNING,
} from './abandoned-stage.ts';

const stage = abandonedStage();
const { cleanup, bodyOf, isThere, nodeOf, aNode, anIncident, aJob, itsPod, collectsGarbage, expectAsFound } =
  stage;
const FOREIGN_TAINT = { key: 'example.com/drain', effect: 'NoSchedule' };
const signal = new AbortController().signal;

describe('an operator that was removed in the middle of incidents', () => {
  it('has its nodes released as they were found, its Jobs and checks deleted, and its incidents ended', async () => {
    const tainted = await anIncident('node-1', 'Taint', { taints: [FOREIGN_TAINT] });
    const cordoned = await anIncident('node-2', 'Cordon');
    await aJob('node-1', tainted);
    await itsPod(tainted.name, [ENDED, ENDED]);
    await startCheck(
      stage.operator,
      {
        name: proofPodName(cordoned.name),
        remediation: cordoned,
        node: 'node-2',
        image: AGENT_IMAGE,
        activeDeadlineSeconds: 60,
        agent: checkRequestSchema.parse({ verb: 'check', nonce: cordoned.uid }),
      },
      signal,
    );

    const planned = await cleanup('--dry-run');
    expect(planned.code).toBe(1);
    expect(planned.out.split('\n').map((line) => line.split(':')[0])).toEqual([
      `dnshealth-node/job/${tainted.name}`,
      `dnshealth-check/pod/${proofPodName(cordoned.name)}`,
      'node/node-1',
      'node/node-2',
      `dnsremediation/${tainted.name}`,
      `dnsremediation/${cordoned.name}`,
      '6 found.',
      '',
    ]);
    expect(await nodeOf('node-1')).toHaveProperty(['metadata', 'annotations', 'dnshealth.io/quarantine']);

    const { code, out, err } = await cleanup();
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toContain('node/node-1: Was released. The node is schedulable unless others');
    expect(out).toContain('node/node-2: Was released. The cordon of the operator was removed as well.');
    expect(out).toMatch(/\n6 done\.\n$/);
    await expectAsFound('node-1', tainted.found);
    await expectAsFound('node-2', cordoned.found);
    expect(await isThere(`${JOBS}/${tainted.name}`)).toBe(false);
    expect(await isThere(`${CHECKS}/${proofPodName(cordoned.name)}`)).toBe(false);
    for (const { name } of [tainted, cordoned]) {
      const { status } = await bodyOf(`${INCIDENTS}/${name}`);
      expect(status).toMatchObject({ phase: 'Failed', reason: 'OperatorGone' });
      expect(status.quarantine).not.toHaveProperty('heldSince');
    }

    // The garbage collector takes it.
    await stage.server.call('DELETE', `${AGENT_PODS}/${tainted.name}-x7`, { gracePeriodSeconds: 0 });
    expect(await cleanup()).toEqual({ code: 0, out: 'The operator has left nothing.\n', err: '' });
  });

  it('leaves the cordon of an administrator', async () => {
    const { name } = await anIncident('node-1', 'Cordon');
    const cordon = async (unschedulable: boolean | null) =>
      stage.server.call(
        'PATCH',
        '/api/v1/nodes/node-1?fieldManager=kubectl-cordon',
        { spec: { unschedulable } },
        MERGE,
      );
    await cordon(null);
    await cordon(true);
    const { code, out } = await cleanup();
    expect(code).toBe(0);
    expect(out).toContain('node/node-1: Was released. The node is still cordoned');
    expect(await nodeOf('node-1')).toMatchObject({ spec: { unschedulable: true } });
    expect((await bodyOf(`${INCIDENTS}/${name}`)).status.phase).toBe('Failed');
  });

  it('has its marks taken off nodes also if the CRDs were deleted with all incidents, or the annotation is gone', async () => {
    const { name, found } = await anIncident('node-1');
    await stage.server.call('DELETE', `${INCIDENTS}/${name}`);
    const other = await anIncident('node-2');
    await stage.server.call('DELETE', `${INCIDENTS}/${other.name}`);
    const annotations = { 'dnshealth.io/quarantine': null };
    await stage.server.call('PATCH', '/api/v1/nodes/node-2', { metadata: { annotations } }, MERGE);
    expect((await cleanup()).code).toBe(0);
    await expectAsFound('node-1', found);
    await expectAsFound('node-2', other.found);
  });
});

describe('a node that is to be left alone, as a rollback or an administrator has it,', () => {
  it('keeps the label and its reason, is named with both, and counts as nothing that is left to do', async () => {
    const { found } = await anIncident('node-1');
    const wish = {
      labels: { 'dnshealth.io/exclude': 'true' },
      annotations: { 'dnshealth.io/exclude-reason': 'back: anna asked to undo fix: our file' },
    };
    await stage.server.call('PATCH', '/api/v1/nodes/node-1', { metadata: wish }, MERGE);
    const { code, out } = await cleanup();
    expect(code).toBe(0);
    expect(out).toContain('node/node-1/label: Was kept: someone wanted the node to be left alone');
    expect(out).toContain('"back: anna asked to undo fix: our file"');
    expect(out).toMatch(/\n2 done, 1 kept\.\n$/);
    expect(await nodeOf('node-1')).toMatchObject({ metadata: wish, spec: found.spec });
    expect(await cleanup('--dry-run')).toMatchObject({
      code: 0,
      out: expect.stringMatching(/\n1 kept\.\n$/),
    });
  });
});

describe('an operator that was removed after it had checked nodes', () => {
  it('has what it said of them removed, and its checks, but nothing that others say', async () => {
    const { metadata } = await aNode('node-1');
    const ready = { type: 'Ready', status: 'True', reason: 'KubeletReady', message: 'ready' };
    await stage.server.call(
      'PATCH',
      '/api/v1/nodes/node-1/status',
      { status: { conditions: [ready] } },
      MERGE,
    );
    await writeNodeCheck(
      stage.operator,
      { node: { name: 'node-1', uid: metadata.uid }, record: aNodeRecord() },
      signal,
    );
    const origin = {
      nonce: 'n',
      why: 'Interval',
      node: metadata.uid,
      bootID: 'boot-1',
      kubeletVersion: 'v1.34.1',
      osImage: 'Debian',
    } as const;
    await startCheck(
      stage.operator,
      {
        name: 'node-0123456789abcdef',
        ofNode: { origin, batch: 'b' },
        node: 'node-1',
        image: AGENT_IMAGE,
        activeDeadlineSeconds: 60,
        agent: checkRequestSchema.parse({ verb: 'check', nonce: origin.nonce }),
      },
      signal,
    );

    expect(await cleanup()).toEqual({
      code: 0,
      out: [
        'dnshealth-check/pod/node-0123456789abcdef: Was deleted.',
        'node/node-1/status: The condition of the operator and its record of checks were removed.',
        '2 done.',
        '',
      ].join('\n'),
      err: '',
    });
    const left = await nodeOf('node-1');
    expect(left.status.conditions).toEqual([expect.objectContaining(ready)]);
    expect(left.metadata.annotations ?? {}).not.toHaveProperty(['dnshealth.io/resolver-check']);
    expect(await cleanup()).toEqual({ code: 0, out: 'The operator has left nothing.\n', err: '' });
  });
});

describe('a node under a repair Job that still works', () => {
  it('is left alone, and its Job and its incident with it, while other nodes are released', async () => {
    const working = await anIncident('node-1');
    const other = await anIncident('node-2');
    await aJob('node-1', working);
    // The agent has reported, the guard watches the kubelet.
    await itsPod(working.name, [ENDED, RUNNING]);
    const before = await nodeOf('node-1');
    const { code, out } = await cleanup();
    expect(code).toBe(1);
    expect(out).toContain(
      `node/node-1: Was left. dnshealth-node/job/${working.name} still works on node-1, and ends by itself`,
    );
    expect(out).toMatch(/\n2 done, 3 left\.\n$/);
    expect(await nodeOf('node-1')).toEqual(before);
    expect(await isThere(`${JOBS}/${working.name}`)).toBe(true);
    expect((await bodyOf(`${INCIDENTS}/${working.name}`)).status.phase).toBe('Repairing');
    await expectAsFound('node-2', other.found);
  });

  it('is released with --wait, once the Job has ended', async () => {
    const working = await anIncident('node-1');
    await aJob('node-1', working);
    await itsPod(working.name, [RUNNING, RUNNING]);
    const looks = async () =>
      (await auditedReads(stage.server, ['list'])).filter(
        ({ userAgent, resource }) => userAgent.startsWith('kubectl-dnshealth') && resource === 'jobs',
      ).length;
    const before = await looks();
    const run = cleanup('--wait');
    await expect.poll(looks).toBeGreaterThan(before + 1);
    const path = `${AGENT_PODS}/${working.name}-x7/status`;
    const { status } = await bodyOf(path);
    const containerStatuses = status.containerStatuses.map((one: object) => ({ ...one, state: ENDED }));
    await stage.server.call('PATCH', path, { status: { containerStatuses } }, MERGE);
    const { code, out, err } = await run;
    expect({ code, err }).toEqual({ code: 0, err: 'Waiting for the repair Jobs that still work.\n' });
    expect(out).toMatch(/\n3 done\.\n$/);
    await expectAsFound('node-1', working.found);
  });

  it('is released after a Job that has not begun is gone', async () => {
    const waiting = await anIncident('node-1');
    await aJob('node-1', waiting);
    const [{ code, out }] = await Promise.all([cleanup(), collectsGarbage(waiting.name)]);
    expect(code).toBe(0);
    expect(out).toContain(`dnshealth-node/job/${waiting.name}: Was deleted before it began to work.`);
    await expectAsFound('node-1', waiting.found);
  });
});

describe('a cleanup', () => {
  it('beside another one, or after one that was killed, ends in the same state', async () => {
    const names = ['node-1', 'node-2', 'node-3'];
    const incidents = await Promise.all(names.map(async (node) => anIncident(node)));
    const stop = new AbortController();
    const killed = cleanup('', undefined, stop.signal);
    await expect
      .poll(async () => (await nodeOf('node-1')).metadata.annotations?.['dnshealth.io/quarantine'])
      .toBeUndefined();
    stop.abort();
    await killed;
    const runs = await Promise.all([cleanup(), cleanup()]);
    expect(runs.map(({ code }) => code)).toEqual([0, 0]);
    for (const [at, { found }] of incidents.entries()) await expectAsFound(names[at] ?? '', found);
    for (const { name } of incidents)
      expect((await bodyOf(`${INCIDENTS}/${name}`)).status.phase).toBe('Failed');
    expect((await cleanup()).out).toBe('The operator has left nothing.\n');
  });
});
