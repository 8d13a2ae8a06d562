import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { aRemediation, at, isoAt } from '../../../test/support/objects/builders.ts';
import { type FakeKube, fakeKube } from '../../../test/support/objects/fake-kube.ts';
import { aRound } from '../../../test/support/objects/probe-rounds.ts';
import { aRawDnsPod, aRawNode, running, stampAt } from '../../../test/support/objects/raw-objects.ts';
import { RESOLV_CONF_CLASSES, type ResolvConfClass } from '../../api/agent-report.ts';
import { CHECK_NAMESPACE } from '../../api/keys.ts';
import type { Outcome } from '../../health/round.ts';
import { parsePolicy } from '../../observe/custom-resources.ts';
import { type DnsPod, parseDnsPod } from '../../observe/dns-pod.ts';
import type { EventIntent } from '../../remediation/record/events.ts';
import type { Remediation } from '../../remediation/world.ts';
import { createLogger } from '../../runtime/logger.ts';
import { createLateLoopReconciler } from './late-loop-controller.ts';
import { createLateLoops } from './late-loops.ts';
import { createPodHealths } from './pod-healths.ts';
import { createProbes } from './probes.ts';

type Options = Parameters<typeof createLateLoopReconciler>[0];

const SICK = 'kube-system/coredns-sick';
const WELL = 'kube-system/coredns-well';
const CHECKS = `/api/v1/namespaces/${CHECK_NAMESPACE}/pods`;
const CONFIG_MAP = '/api/v1/namespaces/kube-system/configmaps/coredns';
const corefile = (loop: string) => ({
  data: { Corefile: `.:53 {\n    errors\n    forward . /etc/resolv.conf\n${loop}    reload\n}\n` },
});

const aPod = (name: string, node: string): DnsPod =>
  parseDnsPod(
    aRawDnsPod({
      metadata: { name, uid: `uid-of-${name}` },
      spec: { nodeName: node },
      container: { state: running(-3600), containerID: `containerd://${name}` },
    }),
  );

function aCluster({ mode = 'Repair', loop = '' } = {}) {
  let now = at(0);
  const pods = [aPod('coredns-sick', 'node-1'), aPod('coredns-well', 'node-2')];
  const remediations: Remediation[] = [];
  const agentPods: { name: string; state: string; message: string | null; deleting: boolean }[] = [];
  const events: EventIntent[] = [];
  const policy = parsePolicy({
    metadata: { name: 'coredns', uid: 'policy-1', creationTimestamp: stampAt(-60) },
    spec: { mode },
  });
  const services = '/api/v1/namespaces/kube-system/services';
  const fake: FakeKube = fakeKube({
    [CONFIG_MAP]: corefile(loop),
    [services]: { items: [{ spec: { clusterIP: '10.96.0.10', ports: [{ port: 53 }] } }] },
    '/api/v1/nodes/node-1': aRawNode(),
    [CHECKS]: {},
  });
  fake.log = () => '[ERROR] plugin/errors: 2 x.invalid. A: concurrent queries exceeded maximum 1000\n';
  const probes = createProbes();
  const lateLoops = createLateLoops();
  const stores = {
    dnsPods: { get: (key: string) => pods.find(({ name }) => key.endsWith(name)), list: () => pods },
    policies: { list: () => [policy] },
    nodes: { get: () => undefined },
    remediations: { list: () => remediations },
    agentPods: { list: () => agentPods },
  } as unknown as Options['stores'];
  const reconcile = createLateLoopReconciler({
    kube: fake.kube,
    stores,
    ownership: { owns: async () => true },
    starts: { of: () => null },
    settings: { agentImage: 'agent:1' },
    probes,
    healths: createPodHealths({ probes, lateLoops, remediations: stores.remediations }),
    lateLoops,
    narrator: { announce: (intent) => void events.push(intent) },
    metrics: { sighted: () => {} },
    logger: createLogger({ level: 'fatal' }),
    now: () => now,
  });
  const { signal } = new AbortController();
  return {
    fake,
    lateLoops,
    remediations,
    agentPods,
    events,
    reconcile: async (key = SICK) => reconcile(key, signal),
    ask(outcomes: Partial<Record<string, Outcome>>) {
      now += 30_000;
      for (const [key, outcome] of Object.entries(outcomes)) {
        const pod = pods.find(({ name }) => key.endsWith(name));
        const subject = `${pod?.uid}/${pod?.containers[0]?.id}`;
        const of = { policyUID: 'policy-1', subject, intervalMs: 30_000 };
        if (outcome) probes.record(key, aRound(outcome, now), of, () => now + 30_000);
      }
    },
    checks: () => fake.created.filter((one) => (one as { kind?: string }).kind === 'Pod'),
    claims: () => fake.created.filter((one) => (one as { kind?: string }).kind === 'DNSRemediation'),
    /** The check pod that was created last ends with a report on such a file. */
    checkEnds(cls: ResolvConfClass, { nonce }: { readonly nonce?: string } = {}) {
      const pod = this.checks().at(-1) as {
        metadata: { name: string };
        spec: { containers: { env: { value: string }[] }[] };
      };
      const request: { nonce: string } = JSON.parse(pod.spec.containers[0]?.env[0]?.value ?? '{}');
      const nameservers = cls === 'stub' ? ['127.0.0.53'] : ['192.0.2.1'];
      const report = {
        verb: 'check',
        nonce: nonce ?? request.nonce,
        outcome: cls === 'stub' || cls === 'loopback' ? 'looping' : 'usable',
        reason: 'X',
        message: `A new pod on this node gets a resolv.conf of class ${cls}.`,
        resolvConf: {
          path: '/etc/resolv.conf',
          class: cls,
          nameservers,
          text: `nameserver ${nameservers[0]}\n`,
        },
        answers: [],
      };
      agentPods.push({
        name: pod.metadata.name,
        state: 'ended',
        message: JSON.stringify(report),
        deleting: false,
      });
    },
    pass: (ms: number) => void (now += ms),
  };
}

type Cluster = ReturnType<typeof aCluster>;

/** Both failures of the sick pod, while the other one answers. */
function fail(cluster: Cluster, other: Outcome = 'answers'): void {
  for (let round = 0; round < 2; round++) cluster.ask({ [SICK]: 'external-fails', [WELL]: other });
}

describe('a pod without the loop plugin that answers for the cluster only', () => {
  it.each<Outcome>(['answers', 'external-fails'])(
    'is claimed once a check of its node has seen a file that leads back; its sibling: %s',
    async (other) => {
      const cluster = aCluster();
      fail(cluster, other);
      await cluster.reconcile();
      expect(cluster.checks()).toMatchObject([
        { metadata: { namespace: CHECK_NAMESPACE }, spec: { nodeName: 'node-1' } },
      ]);
      expect(cluster.claims()).toEqual([]);
      cluster.checkEnds('stub');
      await cluster.reconcile();
      expect(cluster.claims()).toMatchObject([
        {
          spec: {
            trigger: 'LateLoop',
            node: { name: 'node-1' },
            lateLoop: {
              pod: { name: 'coredns-sick' },
              foundAt: isoAt(30),
              siblings: [{ pod: 'coredns-well' }],
              check: { resolvConf: { class: 'stub', nameservers: ['127.0.0.53'] } },
            },
            evidence: { log: [expect.stringContaining('concurrent queries exceeded')] },
          },
        },
      ]);
      expect(cluster.events).toMatchObject([{ reason: 'LateLoop', type: 'Warning' }]);
      expect(cluster.fake.asked).toContainEqual(expect.stringMatching(`DELETE ${CHECKS}/late-loop-`));
    },
  );

  it('is not examined after one failed round, nor before its siblings were asked', async () => {
    const cluster = aCluster();
    cluster.ask({ [WELL]: 'answers' });
    cluster.ask({ [SICK]: 'external-fails' });
    await cluster.reconcile();
    cluster.ask({ [SICK]: 'external-fails' });
    await cluster.reconcile();
    expect(cluster.fake.created).toEqual([]);
    cluster.ask({ [WELL]: 'answers' });
    await cluster.reconcile();
    expect(cluster.checks()).toHaveLength(1);
  });

  it('is only reported, with advice, if its node gives out usable servers', async () => {
    const cluster = aCluster();
    fail(cluster);
    await cluster.reconcile();
    cluster.checkEnds('ok');
    await cluster.reconcile();
    expect(cluster.claims()).toEqual([]);
    expect(cluster.lateLoops.observationsFor('policy-1')).toMatchObject([
      { pod: 'coredns-sick', node: 'node-1', advice: expect.any(String) },
    ]);
  });

  it('is only reported under a policy that observes: nothing is started on the node', async () => {
    const cluster = aCluster({ mode: 'Observe' });
    fail(cluster);
    await cluster.reconcile();
    expect(cluster.fake.created).toEqual([]);
    expect(cluster.lateLoops.observationsFor('policy-1')).toMatchObject([
      { cause: 'LateLoop', advice: expect.stringContaining('mode: Repair') },
    ]);
  });

  it('is not claimed by a report that belongs to a check of another leader', async () => {
    const cluster = aCluster();
    fail(cluster);
    await cluster.reconcile();
    cluster.checkEnds('stub', { nonce: 'of-another' });
    await cluster.reconcile();
    expect(cluster.claims()).toEqual([]);
    cluster.agentPods.length = 0;
    cluster.pass(61_000);
    cluster.ask({ [SICK]: 'external-fails', [WELL]: 'answers' });
    await cluster.reconcile();
    expect(cluster.checks()).toHaveLength(2);
  });

  it('is left to its incident while that runs, and checked again before another claim', async () => {
    const cluster = aCluster();
    fail(cluster);
    await cluster.reconcile();
    cluster.checkEnds('stub');
    await cluster.reconcile();
    const open = aRemediation({ status: { phase: 'Repairing' } });
    cluster.remediations.push(open);
    cluster.agentPods.length = 0;
    cluster.ask({ [SICK]: 'external-fails', [WELL]: 'answers' });
    await cluster.reconcile();
    expect(cluster.checks()).toHaveLength(1);
    cluster.remediations.splice(0, 1, {
      ...open,
      status: { ...open.status, phase: 'Failed', finishedAt: isoAt(95) },
    });
    cluster.ask({ [SICK]: 'external-fails', [WELL]: 'answers' });
    await cluster.reconcile();
    expect(cluster.checks()).toHaveLength(2);
  });

  it('is forgotten once it answers, and its check is removed', async () => {
    const cluster = aCluster();
    fail(cluster);
    await cluster.reconcile();
    cluster.ask({ [SICK]: 'answers' });
    await cluster.reconcile();
    expect(cluster.lateLoops.keys()).toEqual([]);
    expect(cluster.fake.asked.at(-1)).toMatch(`DELETE ${CHECKS}/late-loop-`);
  });
});

describe('an upstream that is down, even if it keeps so many queries waiting that CoreDNS refuses more', () => {
  it('starts no check where the Corefile has the loop plugin', async () => {
    const cluster = aCluster({ loop: '    loop\n' });
    fail(cluster, 'external-fails');
    await cluster.reconcile();
    expect(cluster.fake.created).toEqual([]);
    expect(cluster.lateLoops.observationsFor('policy-1')).toEqual([]);
  });

  it('is not taken for a loop where the plugin is missing, and no node is touched', async () => {
    const cluster = aCluster();
    fail(cluster, 'external-fails');
    await cluster.reconcile();
    cluster.checkEnds('ok');
    await cluster.reconcile();
    expect(cluster.claims()).toEqual([]);
    expect(cluster.lateLoops.observationsFor('policy-1')).toEqual([]);
  });
});

it('a check that another leader has left is removed', async () => {
  const cluster = aCluster();
  cluster.agentPods.push({ name: 'late-loop-old', state: 'ended', message: '', deleting: false });
  await cluster.reconcile();
  expect(cluster.fake.asked).toEqual([`DELETE ${CHECKS}/late-loop-old`]);
});

it('no history of answers ends in a claim without a check that saw a file that leads back', async () => {
  const outcome = fc.constantFrom<Outcome>('answers', 'external-fails', 'fails', 'silent', 'cluster-fails');
  const step = fc.record({
    sick: outcome,
    well: outcome,
    check: fc.option(fc.constantFrom(...RESOLV_CONF_CLASSES)),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 8 }), fc.boolean(), async (steps, hasLoop) => {
      const cluster = aCluster({ loop: hasLoop ? '    loop\n' : '' });
      const seen = new Set<ResolvConfClass>();
      for (const { sick, well, check } of steps) {
        cluster.ask({ [SICK]: sick, [WELL]: well });
        await cluster.reconcile();
        if (check === null || cluster.lateLoops.get(SICK)?.kind !== 'checking') continue;
        cluster.agentPods.length = 0;
        cluster.checkEnds(check);
        seen.add(check);
        await cluster.reconcile();
      }
      const mayClaim = !hasLoop && (seen.has('stub') || seen.has('loopback'));
      expect(cluster.claims().length > 0 && !mayClaim).toBe(false);
    }),
    { numRuns: 60 },
  );
});
