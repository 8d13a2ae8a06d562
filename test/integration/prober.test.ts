/** The prober on a real apiserver, with DNS servers in place of the pods; the test plays kubelet, workload and agent. */
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { until } from '../cluster/until.ts';
import { answerTo, type DnsTestServer, framed, startDnsServer } from '../support/network/dns-server.ts';
import { HANG_MS } from '../support/patience.ts';
import type { HandDrivenCluster } from './hand-driven-cluster.ts';
import { ended, incidentStage, inPhase, OTHER_POD_IP, POD_IP } from './incident-stage.ts';

const stage = incidentStage();
const SICK_IP = OTHER_POD_IP;
const CLUSTER_NAME = 'kubernetes.default.svc.cluster.local';
const NO_LOOP = '.:53 {\n errors\n forward . /etc/resolv.conf\n}\n';

let cluster: HandDrivenCluster;
let sick: DnsTestServer;
beforeAll(async () => {
  const { body } = await stage.server.call('GET', '/api/v1/namespaces/default/services/kubernetes');
  const reply = (query: Parameters<typeof answerTo>[0]) =>
    query.questions?.[0]?.name === CLUSTER_NAME
      ? answerTo(query, { addresses: [body.spec.clusterIP] })
      : answerTo(query, { rcode: 'REFUSED' });
  sick = await startDnsServer(
    { udp: (query, send) => send(reply(query)), tcp: (query, send) => send(framed(reply(query))) },
    { address: SICK_IP, port: 53 },
  );
});
afterAll(async () => sick.close());
beforeEach(async () => {
  ({ cluster } = stage);
  await cluster.node('node-1');
  await cluster.node('node-2');
  await cluster.servingPod('coredns-well', 'node-2', POD_IP);
  await cluster.servingPod('coredns-sick', 'node-1', SICK_IP);
  await cluster.setCorefile(NO_LOOP);
  await cluster.policy('coredns', { prober: { intervalSeconds: 5 } });
});

const health = async (reason: string) =>
  until(
    async () => {
      const status = await cluster.policyStatus('coredns');
      const healthy = status?.conditions?.find(({ type }: { type: string }) => type === 'Healthy');
      return healthy?.reason === reason ? { ...status, healthy } : undefined;
    },
    { what: `the condition Healthy to be ${reason}`, timeoutMs: HANG_MS, everyMs: 20 },
  );

it('a pod that forwards to itself is found by its answers and the check of its node, and repaired', async () => {
  await cluster.checkReports('127.0.0.53', 'stub');
  const { name } = (await cluster.incident('node-1', inPhase('Repairing'), 'to be under repair')).metadata;
  const { dnsPods, healthy } = await health('LateLoop');
  expect(healthy.status).toBe('False');
  expect(dnsPods).toMatchObject({ total: 2, ready: 2, answering: 1, answeringSummary: '1/2', looping: 1 });

  await cluster.agentReports(name);
  await cluster.proofReports(name);
  await cluster.podEnds('coredns-sick');
  await cluster.runningPod('coredns-new', 'node-1', POD_IP);
  const { spec, status } = await cluster.incident('node-1', ended, 'to end');
  expect(status).toMatchObject({ phase: 'Healed', deletedPods: [{ name: 'coredns-sick' }] });
  expect(spec).toMatchObject({
    trigger: 'LateLoop',
    lateLoop: { siblings: [{ pod: 'coredns-well' }], check: { resolvConf: { class: 'stub' } } },
  });
  await health('AllPodsAnswer');
});

it('a pod whose node gives out usable servers is reported with advice, and its node is not touched', async () => {
  await cluster.checkReports('192.0.2.1', 'ok');
  const { observations } = await until(
    async () => {
      const status = await cluster.policyStatus('coredns');
      return status?.observations?.length > 0 ? status : undefined;
    },
    { what: 'the policy to report the pod', timeoutMs: HANG_MS, everyMs: 20 },
  );
  expect(observations).toMatchObject([{ pod: 'coredns-sick', node: 'node-1', advice: expect.any(String) }]);
  expect((await health('PodsDoNotAnswer')).healthy.message).toContain('coredns-sick');
  expect(await cluster.incidents()).toEqual([]);
  expect(await cluster.nodeSpec('node-1')).toEqual({});
});
