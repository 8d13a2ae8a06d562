/** A node that is found wrong before a DNS pod fails, from its check to its end, on a real apiserver. */
import { expect, it } from 'vitest';
import { CHECK_ANNOTATION } from '../../src/api/keys.ts';
import { parseNodeCheckRecord } from '../../src/api/node-check-record.ts';
import { until } from '../cluster/until.ts';
import { HANG_MS } from '../support/patience.ts';
import { incidentStage, inPhase, POD_IP, released } from './incident-stage.ts';

const stage = incidentStage();

async function killAndRestart(): Promise<void> {
  await stage.stopOperator();
  await stage.startOperator();
}

/** What the operator has written on a node, once it says this. */
async function nodeSays(node: string, reason: string) {
  return until(
    async () => {
      const { metadata, status } = (await stage.server.call('GET', `/api/v1/nodes/${node}`)).body;
      const condition = status.conditions.find(
        ({ type }: { type: string }) => type === 'dnshealth.io/ResolverConfigured',
      );
      const record = parseNodeCheckRecord(metadata.annotations?.[CHECK_ANNOTATION] ?? '');
      return condition?.reason === reason ? { condition, record } : undefined;
    },
    { what: `${node} to be ${reason}`, timeoutMs: HANG_MS, everyMs: 50 },
  );
}

const dnsPods = async () =>
  (await stage.server.call('GET', '/api/v1/namespaces/kube-system/pods')).body.items.map(
    ({ metadata }: { metadata: { name: string } }) => metadata.name,
  );

it('a node whose check saw the stub is repaired while its DNS pod serves, which is asked and not deleted, however often the operator is killed', async () => {
  const { cluster } = stage;
  await cluster.node('node-1');
  await cluster.node('node-2');
  await cluster.servingPod('coredns-here', 'node-1', POD_IP);
  await cluster.servingPod('coredns-there', 'node-2', POD_IP);
  await cluster.policy('coredns');
  await cluster.nodeCheckReports('node-1', 'looping');

  const { metadata, spec } = await cluster.incident('node-1', () => true, 'to be claimed');
  expect(spec).toMatchObject({
    trigger: 'Drift',
    drift: {
      kind: 'Kubelet',
      why: 'FirstSeen',
      place: 'HostsDNSPods',
      check: { resolvConf: { class: 'stub', nameservers: ['127.0.0.53'] } },
    },
  });
  await killAndRestart();
  await stage.quarantined();
  expect((await nodeSays('node-1', 'Repairing')).condition.status).toBe('Unknown');
  await cluster.agentReports(metadata.name);
  await cluster.incident('node-1', ({ status }) => status.repair !== undefined, 'to know the report');
  await killAndRestart();
  await cluster.proofReports(metadata.name);
  await cluster.incident('node-1', inPhase('Verifying', 'Healed'), 'to be verified');
  await killAndRestart();

  const { status } = await cluster.incident('node-1', released, 'to end');
  expect(status).toMatchObject({
    phase: 'Healed',
    reason: 'Verified',
    deletedPods: [],
    verification: { pod: 'coredns-here' },
  });
  expect(await dnsPods()).toEqual(['coredns-here', 'coredns-there']);
  expect(await cluster.nodeSpec('node-1')).toEqual({});
  const { condition, record } = await nodeSays('node-1', 'Proven');
  expect(condition.status).toBe('True');
  expect(record?.check).toMatchObject({ why: 'Repaired', outcome: 'proven' });
  expect(await cluster.incidents()).toHaveLength(1);
});
