import { describe, expect, it } from 'vitest';
import { at } from '../../../test/support/objects/builders.ts';
import { aProbedAnswer, aRound } from '../../../test/support/objects/probe-rounds.ts';
import { aRawDnsPod, running, stampAt } from '../../../test/support/objects/raw-objects.ts';
import type { Outcome } from '../../health/round.ts';
import { parsePolicy } from '../../observe/custom-resources.ts';
import { type DnsPod, parseDnsPod } from '../../observe/dns-pod.ts';
import { createMetrics } from '../../runtime/metrics.ts';
import { createLateLoops } from './late-loops.ts';
import { createPodHealths } from './pod-healths.ts';
import { createProberReconciler } from './prober-controller.ts';
import { createProberMetrics } from './prober-metrics.ts';
import { createProbes } from './probes.ts';

type Options = Parameters<typeof createProberReconciler>[0];

const aPolicy = (spec: object = {}) =>
  parsePolicy({ metadata: { name: 'coredns', uid: 'policy-1', creationTimestamp: stampAt(-60) }, spec });

function aPod(index: number, { up = -3600, container = 'a', hostNetwork = false } = {}): DnsPod {
  const name = `coredns-${index}`;
  const raw = aRawDnsPod({
    metadata: { name, uid: `pod-${index}` },
    spec: { hostNetwork },
    status: { podIP: `10.0.0.${index}` },
    container: { state: running(up), containerID: `containerd://${container}` },
  });
  return parseDnsPod(raw);
}

/** A prober over these pods. `answers` decides what an address answers; the clock moves with the requeues. */
function aProber(
  given: {
    readonly pods?: readonly DnsPod[];
    readonly spec?: object;
    readonly services?: readonly string[];
  } = {},
) {
  const { pods = [aPod(1), aPod(2)], spec = {}, services = [] } = given;
  let now = at(0);
  const cluster = { pods: [...pods], policies: [aPolicy(spec)] };
  const asked: { readonly address: string; readonly at: number; readonly name: string }[] = [];
  const answers = new Map<string, Outcome>();
  const probes = createProbes();
  const turns: string[] = [];
  probes.onChange(({ kind, key, object }) => turns.push(`${kind} ${key} ${object.series.verdict}`));
  const metrics = createMetrics({ process: false });
  const reconcile = createProberReconciler({
    stores: {
      dnsPods: { list: () => cluster.pods, onChange: () => () => {} },
      nodes: { get: () => undefined },
      policies: {
        get: (name: string) => cluster.policies.find((one) => one.name === name),
        list: () => cluster.policies,
      },
    } as unknown as Options['stores'],
    ownership: { owns: async () => true },
    kubernetesService: { addresses: async () => ['10.96.0.1'], doubt: () => void turns.push('doubt') },
    dnsServices: { addresses: async () => services },
    probes,
    healths: createPodHealths({ probes, lateLoops: createLateLoops(), remediations: { list: () => [] } }),
    proberMetrics: createProberMetrics(metrics),
    now: () => now,
    random: () => 0.5,
    ask: async ({ address, externalName }) => {
      asked.push({ address, at: (now - at(0)) / 1000, name: externalName });
      return aRound(answers.get(address) ?? 'answers', now).answers;
    },
  });
  return {
    cluster,
    asked,
    answers,
    probes,
    turns,
    metrics,
    verdict: (index: number) => probes.get(`kube-system/coredns-${index}`)?.series.verdict,
    /** Reconciles whenever the last result asks for it, for this many seconds. */
    async run(seconds: number) {
      const end = now + seconds * 1000;
      const { signal } = new AbortController();
      for (;;) {
        const result = await reconcile('coredns', signal);
        const next = result.kind === 'requeue' ? now + result.afterMs : end;
        now = Math.min(next, end);
        if (next >= end) return;
      }
    },
  };
}

describe('the prober', () => {
  it('asks every pod once per interval, and the Service', async () => {
    const prober = aProber({ services: ['10.96.0.10'] });
    await prober.run(120);
    const counts = Map.groupBy(prober.asked, ({ address }) => address);
    expect(Object.fromEntries([...counts].map(([address, all]) => [address, all.length]))).toEqual({
      '10.0.0.1': 4,
      '10.0.0.2': 4,
      '10.96.0.10': 4,
    });
  });

  it('never asks for the same external name twice, unless the policy names one', async () => {
    const prober = aProber();
    await prober.run(120);
    expect(new Set(prober.asked.map(({ name }) => name)).size).toBe(prober.asked.length);
    const named = aProber({ spec: { verification: { externalName: 'example.org' } } });
    await named.run(1);
    expect(named.asked[0]?.name).toBe('example.org');
  });

  it('asks no more than five questions a second, however many pods there are', async () => {
    const prober = aProber({ pods: Array.from({ length: 50 }, (_, index) => aPod(index + 1)) });
    await prober.run(80);
    expect(prober.asked.length).toBe(100);
    for (const [index, { at: second }] of prober.asked.entries())
      expect(second).toBeGreaterThanOrEqual(index * 0.8 - 0.001);
  });

  it('asks a pod that failed once again after five seconds, and its siblings once it failed twice', async () => {
    const prober = aProber();
    await prober.run(20);
    prober.answers.set('10.0.0.1', 'external-fails');
    await prober.run(20);
    expect(prober.verdict(1)).toBe('external-fails');
    const after = prober.asked.filter(({ at: second }) => second >= 30);
    expect(after.map(({ address, at: second }) => [address, second])).toEqual([
      ['10.0.0.1', 30],
      ['10.0.0.2', 30.8],
      ['10.0.0.1', 35],
    ]);
  });

  it.each([
    ['is not running', { ...aPod(1), containers: [] }],
    ['has no address', { ...aPod(1), ip: null }],
    ['is being deleted', { ...aPod(1), deleting: true }],
  ])('does not ask a pod that %s', async (_what, pod) => {
    const prober = aProber({ pods: [pod, aPod(2)] });
    await prober.run(60);
    expect(new Set(prober.asked.map(({ address }) => address))).toEqual(new Set(['10.0.0.2']));
  });

  it('gives a container five seconds to start', async () => {
    const prober = aProber({ pods: [aPod(1, { up: -1 })] });
    await prober.run(10);
    expect(prober.asked.map(({ at: second }) => second)).toEqual([4]);
  });

  it('knows nothing of a container that was restarted, and asks it as a new one', async () => {
    const prober = aProber({ pods: [aPod(1)] });
    prober.answers.set('10.0.0.1', 'silent');
    await prober.run(10);
    expect(prober.verdict(1)).toBe('silent');
    prober.cluster.pods = [aPod(1, { container: 'b', up: 10 })];
    await prober.run(6);
    expect(prober.verdict(1)).toBe('unsure');
  });

  it('forgets a pod that is gone, and all of them when it is turned off', async () => {
    const prober = aProber();
    await prober.run(2);
    prober.cluster.pods = [aPod(2)];
    await prober.run(1);
    expect(prober.probes.keys()).toEqual(['kube-system/coredns-2']);
    prober.cluster.policies = [aPolicy({ prober: { intervalSeconds: 0 } })];
    await prober.run(60);
    expect(prober.probes.keys()).toEqual([]);
    expect((await prober.metrics.scrape()).text).not.toContain('dnshealth_dns_pods{');
  });

  it('does not ask the Service for the pods of a node-local cache, which are not behind it', async () => {
    const prober = aProber({ pods: [aPod(1, { hostNetwork: true })], services: ['10.96.0.10'] });
    await prober.run(10);
    expect(new Set(prober.asked.map(({ address }) => address))).toEqual(new Set(['10.0.0.1']));
  });

  it('is silent about what does not turn, so that no status is written in every round', async () => {
    const prober = aProber();
    await prober.run(600);
    expect(prober.turns).toEqual([
      'added kube-system/coredns-1 answers',
      'added kube-system/coredns-2 answers',
    ]);
  });

  it('counts what fails by kind, and how many pods answer', async () => {
    const prober = aProber();
    prober.answers.set('10.0.0.1', 'external-fails');
    await prober.run(4);
    const { text } = await prober.metrics.scrape();
    const labels = 'target="pod",scope="External",protocol="udp"';
    expect(text).toContain(`dnshealth_probe_failures_total{${labels},kind="Refused"} 1`);
    expect(text).toContain(`dnshealth_probe_failures_total{${labels},kind="Timeout"} 0`);
    expect(text).toContain('dnshealth_dns_pods{policy="coredns"} 2');
    expect(text).toContain('dnshealth_dns_pods_answering{policy="coredns"} 1');
  });

  it('does not take answers that the end of the process cut off for failures', async () => {
    const stop = new AbortController();
    const probes = createProbes();
    const policies = [aPolicy()];
    const reconcile = createProberReconciler({
      stores: {
        dnsPods: { list: () => [aPod(1)], onChange: () => () => {} },
        policies: { get: () => policies[0], list: () => policies },
        nodes: { get: () => undefined },
      } as unknown as Options['stores'],
      ownership: { owns: async () => true },
      kubernetesService: { addresses: async () => ['10.96.0.1'], doubt: () => {} },
      dnsServices: { addresses: async () => [] },
      probes,
      healths: createPodHealths({ probes, lateLoops: createLateLoops(), remediations: { list: () => [] } }),
      proberMetrics: createProberMetrics(createMetrics({ process: false })),
      now: () => at(0),
      random: () => 0,
      ask: async () => {
        stop.abort(new Error('the process ends'));
        return [aProbedAnswer('Cluster', 'udp', 'WrongAnswer')];
      },
    });
    await expect(reconcile('coredns', stop.signal)).rejects.toThrow('the process ends');
    expect(probes.keys()).toEqual([]);
  });
});
