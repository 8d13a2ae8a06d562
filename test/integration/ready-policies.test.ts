/** The policies that are ready to use: each is applied as an administrator does it, and means what its page says. */
import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { API_VERSION } from '../../src/api/keys.ts';
import type { PolicySpec } from '../../src/api/policy.ts';
import { parsePolicy } from '../../src/observe/custom-resources.ts';
import { plan } from '../../src/remediation/plan.ts';
import type { Verdict } from '../../src/remediation/verdict.ts';
import type { Remediation } from '../../src/remediation/world.ts';
import { buildGoPrograms } from '../cluster/build/go-programs.ts';
import { aDnsPod, aLoopingPod, aRemediation, aSituation, at } from '../support/objects/builders.ts';
import { incidentStage, POD_IP } from './incident-stage.ts';

const POLICIES = fileURLToPath(new URL('../../config/samples/policies/', import.meta.url));
const NAMES = ['ask-me', 'business-hours', 'hands-off', 'look-only'];

const stage = incidentStage();

const kubectl = async (...args: readonly string[]): Promise<string> => {
  const programs = await buildGoPrograms((line) => console.error(line));
  const program = join(programs.get('kubernetes') ?? '', 'kubectl');
  const { stdout } = await promisify(execFile)(program, [
    `--kubeconfig=${stage.server.kubeconfigPath}`,
    ...args,
  ]);
  return stdout.trim();
};

/** As the README says, with the operator running and one DNS pod that serves. */
async function applied(name: string): Promise<ReturnType<typeof parsePolicy>> {
  await stage.cluster.node('node-2');
  await stage.cluster.servingPod('coredns-well', 'node-2', POD_IP);
  await kubectl('apply', '--validate=strict', '-f', join(POLICIES, `${name}.yaml`));
  const answer = await kubectl('wait', '--for=condition=Ready', 'dnshealth/default', '--timeout=60s');
  expect(answer).toBe('dnshealthpolicy.dnshealth.io/default condition met');
  const { body } = await stage.server.call('GET', `/apis/${API_VERSION}/dnshealthpolicies/default`);
  return parsePolicy(body);
}

/** What is done about a loop under this policy that was claimed at this time. */
function decision(spec: PolicySpec, moment: string | number, servesElsewhere = true): Verdict {
  const now = typeof moment === 'number' ? moment : Date.parse(moment);
  const shift = now - at(2);
  const claimed = aRemediation({ settings: spec });
  const remediation: Remediation = { ...claimed, createdAt: claimed.createdAt + shift };
  const dnsPods = servesElsewhere ? [aLoopingPod(), aDnsPod()] : [aLoopingPod()];
  return plan(aSituation({ policy: spec, remediation, now, world: { dnsPods } }));
}
const ADMITTED = { kind: 'record', finding: { kind: 'admitted' } };

it('all of them are tried here', () => {
  expect(readdirSync(POLICIES).toSorted()).toEqual(NAMES.map((name) => `${name}.yaml`));
});

describe('look-only.yaml', () => {
  it('reports, and starts nothing', async () => {
    const { spec, status } = await applied('look-only');
    expect(status.conditions).toContainEqual(
      expect.objectContaining({ type: 'Active', status: 'True', reason: 'Observing' }),
    );
    expect(decision(spec, at(2))).toMatchObject({ kind: 'end', ending: { reason: 'ObserveOnly' } });
  });
});

describe('ask-me.yaml', () => {
  it('inspects the node, and does nothing more before an approval, for three days', async () => {
    const { spec, status } = await applied('ask-me');
    expect(status.conditions).toContainEqual(
      expect.objectContaining({ type: 'Active', status: 'True', reason: 'AskingFirst' }),
    );
    expect(decision(spec, at(2))).toMatchObject({ kind: 'act', effect: { kind: 'start-inspection' } });
    expect(spec.approval.expiresAfter).toBe('72h');
  });
});

describe('business-hours.yaml', () => {
  it('repairs by day in Berlin, waits at night and at weekends, and never while all DNS is down', async () => {
    const { spec } = await applied('business-hours');
    // In winter it is one hour ahead of UTC, and in summer two.
    expect(decision(spec, '2026-01-14T08:30:00Z')).toMatchObject(ADMITTED);
    expect(decision(spec, '2026-01-14T07:30:00Z')).toMatchObject({ kind: 'wait', reason: 'OutsideWindow' });
    expect(decision(spec, '2026-07-15T07:30:00Z')).toMatchObject(ADMITTED);
    expect(decision(spec, '2026-07-15T14:30:00Z')).toMatchObject({ kind: 'wait', reason: 'OutsideWindow' });
    expect(decision(spec, '2026-07-18T09:00:00Z')).toMatchObject({ kind: 'wait', reason: 'OutsideWindow' });
    expect(decision(spec, '2026-07-18T09:00:00Z', false)).toMatchObject(ADMITTED);
  });
});

describe('hands-off.yaml', () => {
  it('repairs at any time, and is Ready for the generation that was applied', async () => {
    const { spec, status, generation } = await applied('hands-off');
    expect(decision(spec, at(2))).toMatchObject(ADMITTED);
    expect(decision(spec, '2026-07-18T23:00:00Z')).toMatchObject(ADMITTED);
    expect(spec.limits).toMatchObject({ maxConcurrent: '10%', perHour: 30, perNode: 3 });
    const types = ['Ready', 'Progressing', 'Degraded', 'Active', 'Healthy', 'Paused', 'BreakerOpen'];
    for (const type of [...types, 'AwaitingApproval'])
      expect(status.conditions.find((one) => one.type === type)).toMatchObject({
        observedGeneration: generation,
      });
  });

  it('is not Ready any more once it names a workload that is not there, and says so of the new generation', async () => {
    await applied('hands-off');
    const patch = JSON.stringify({ spec: { workload: { name: 'rke2-coredns' } } });
    await kubectl('patch', 'dnshealth/default', '--type=merge', `--patch=${patch}`);
    await kubectl('wait', '--for=condition=Ready=false', 'dnshealth/default', '--timeout=60s');
    const { body } = await stage.server.call('GET', `/apis/${API_VERSION}/dnshealthpolicies/default`);
    const ready = parsePolicy(body).status.conditions.find(({ type }) => type === 'Ready');
    expect(ready).toMatchObject({ status: 'False', reason: 'WorkloadNotFound', observedGeneration: 2 });
  });
});
