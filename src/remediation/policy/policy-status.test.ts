import { describe, expect, it } from 'vitest';
import {
  aDnsPod,
  aLoopingPod,
  aPolicySpec,
  aRemediation,
  at,
  isoAt,
} from '../../../test/support/objects/builders.ts';
import { nodesStatusSchema } from '../../api/nodes-status.ts';
import { policyStatusSchema, type WorkloadFound } from '../../api/policy/status.ts';
import type { AskedFacts, PolicyFacts } from './facts.ts';
import { HEARTBEAT_MS, policyStatus } from './policy-status.ts';

/** A Deployment that owns DNS pods; the policy watches "coredns". */
const found = (name: string, labels = ['k8s-app=kube-dns']): WorkloadFound => ({
  kind: 'Deployment',
  name,
  labels,
  pods: 2,
  watched: name === 'coredns',
});
const facts = (overrides: Partial<PolicyFacts> = {}): PolicyFacts => ({
  policy: { generation: 3, ...aPolicySpec() },
  workload: { kind: 'Deployment', name: 'coredns' },
  previous: policyStatusSchema.parse({}),
  conflictsWith: null,
  workloads: [found('coredns')],
  otherContainers: [],
  dnsPods: [aDnsPod(), aDnsPod({ uid: 'pod-2', node: 'node-1' })],
  loopingPods: [],
  quarantinedNodes: [],
  remediations: [],
  pauseOfAll: null,
  observations: [],
  asked: null,
  nodes: 'none',
  overlaps: [],
  now: at(0),
  ...overrides,
});
const condition = (type: string, overrides?: Partial<PolicyFacts>) =>
  policyStatus(facts(overrides)).conditions.find((one) => one.type === type);
const healed = (seconds: number) =>
  aRemediation({
    name: `healed-${seconds}`,
    uid: `healed-${seconds}`,
    status: { phase: 'Healed', finishedAt: isoAt(seconds) },
  });
const failed = aRemediation({ node: 'node-7', status: { phase: 'RolledBack', reason: 'AsScripted' } });

describe('the status of a policy', () => {
  it('shows which of its nodes belong to older policies, and says so in Active', () => {
    const overlaps = [{ policy: 'first', nodes: 2, sample: ['node-1', 'node-2'] }];
    expect(policyStatus(facts({ overlaps })).overlaps).toEqual(overlaps);
    expect(policyStatus(facts())).not.toHaveProperty('overlaps');
    expect(condition('Active', { overlaps })).toMatchObject({
      status: 'True',
      message: expect.stringContaining(
        '2 nodes belong to policy first (Overlapping), which is older and names the same workload.',
      ),
    });
  });

  it('counts the DNS pods, and names the generation that it reflects', () => {
    const status = policyStatus(
      facts({ dnsPods: [aDnsPod(), aLoopingPod()], loopingPods: ['coredns-sick'] }),
    );
    expect(status).toMatchObject({
      observedGeneration: 3,
      dnsPods: { total: 2, ready: 1, looping: 1, summary: '1/2' },
    });
  });

  it('does not count a pod that is being deleted as ready', () => {
    expect(policyStatus(facts({ dnsPods: [aDnsPod({ deleting: true })] })).dnsPods?.summary).toBe('0/1');
  });

  it('counts how its remediations ended, and has the time of the last repair', () => {
    const remediations = [healed(5), healed(9), failed];
    const status = policyStatus(facts({ remediations }));
    expect(status).toMatchObject({
      repaired: 2,
      lastRepairTime: isoAt(9),
      totals: { healed: 2, rolledBack: 1, failed: 0 },
    });
    const later = policyStatus(facts({ previous: status }));
    expect(later.lastRepairTime, 'when those records are deleted').toBe(isoAt(9));
  });

  it('names the quarantined nodes in order', () => {
    expect(policyStatus(facts({ quarantinedNodes: ['node-3', 'node-1'] }))).toMatchObject({
      quarantinedNodes: ['node-1', 'node-3'],
      quarantined: 2,
    });
  });

  it('keeps the twenty latest observations, latest first', () => {
    const observations = Array.from({ length: 25 }, (_none, index) => ({
      pod: `coredns-${index}`,
      node: 'node-1',
      cause: 'CorefileError',
      message: 'x',
      lastSeen: isoAt(index),
    }));
    const kept = policyStatus(facts({ observations })).observations.map(({ pod }) => pod);
    expect(kept).toHaveLength(20);
    expect([kept[0], kept[19]]).toEqual(['coredns-24', 'coredns-5']);
  });

  it('stays equal when nothing changed, so that it is not written', () => {
    const first = policyStatus(facts({ remediations: [healed(5)] }));
    expect(policyStatus(facts({ remediations: [healed(5)], previous: first, now: at(600) }))).toEqual(first);
  });
});

describe('a policy is Active', () => {
  it('when it watches, or only observes', () => {
    expect(condition('Active')).toMatchObject({ status: 'True', reason: 'Watching' });
    const policy = { ...facts().policy, mode: 'Observe' as const };
    expect(condition('Active', { policy })).toMatchObject({ status: 'True', reason: 'Observing' });
  });

  it.each([
    ['Repair', 'unknown', /as soon as a check finds them\.$/],
    ['Repair', 'none', /^Forwarding loops are repaired as soon as they are seen\.$/],
    ['Observe', 'unknown', /and so are nodes on which the next DNS pod would loop\. Nothing is changed\.$/],
    ['Observe', 'none', /^Crashes of DNS pods are reported\. Nothing is changed\.$/],
  ] as const)(
    'in mode %s says what is done about nodes only where they are checked (%s)',
    (mode, nodes, said) => {
      expect(condition('Active', { policy: { ...facts().policy, mode }, nodes })?.message).toMatch(said);
    },
  );

  it('but not if an older policy names the same workload; the message names that policy', () => {
    const active = condition('Active', { conflictsWith: 'elder', workloads: [] });
    expect(active).toMatchObject({ status: 'False', reason: 'Conflict' });
    expect(active?.message).toContain('elder');
  });

  it('but not if no workload owns DNS pods; the message has the labels', () => {
    const active = condition('Active', { workloads: [], dnsPods: [] });
    expect(active).toMatchObject({ status: 'False', reason: 'WorkloadNotFound' });
    expect(active?.message).toMatch(/Deployment kube-system\/coredns.*k8s-app=kube-dns, k8s-app=coredns/);
  });

  it('but not if another workload owns them; the message names it, its labels, and what to set', () => {
    const helm = found('release-coredns', ['app.kubernetes.io/name=coredns', 'k8s-app=release-coredns']);
    const cache = { ...found('node-local-dns', ['k8s-app=node-local-dns']), kind: 'DaemonSet' as const };
    const workloads = [cache, helm];
    const active = condition('Active', { workloads, dnsPods: [] });
    expect(active).toMatchObject({ status: 'False', reason: 'WorkloadNotFound' });
    expect(active?.message).toBe(
      'Deployment kube-system/coredns owns no DNS pod. DaemonSet kube-system/node-local-dns owns pods labelled k8s-app=node-local-dns; Deployment kube-system/release-coredns owns pods labelled app.kubernetes.io/name=coredns and k8s-app=release-coredns. To watch one of these, set spec.workload.kind and spec.workload.name, and spec.workload.container to the name of its container.',
    );
    expect(policyStatus(facts({ workloads })).workloads).toEqual(workloads);
  });

  it('but not if its pods have no container of that name, because no death would be seen', () => {
    const active = condition('Active', { otherContainers: ['node-cache'] });
    expect(active).toMatchObject({ status: 'False', reason: 'ContainerNotFound' });
    expect(active?.message).toContain('node-cache');
  });

  it('but not after a failure, until that is acknowledged', () => {
    expect(condition('Active', { remediations: [failed] })).toMatchObject({
      status: 'False',
      reason: 'BreakerOpen',
      message: expect.stringContaining('node-7-incident'),
    });
    const acknowledged = { ...failed, acknowledged: true };
    expect(condition('Active', { remediations: [acknowledged] })?.status).toBe('True');
  });
});

describe('DNS is Healthy', () => {
  it('when all pods are ready', () => {
    expect(condition('Healthy')).toMatchObject({ status: 'True', reason: 'AllPodsReady' });
  });

  it('but not while a pod loops, even if it is Ready for a second', () => {
    expect(condition('Healthy', { loopingPods: ['coredns-sick'] })).toMatchObject({
      status: 'False',
      reason: 'LoopDetected',
    });
  });

  it('but not with a pod that is not ready, or without any pod', () => {
    for (const dnsPods of [[aLoopingPod(), aDnsPod()], []])
      expect(condition('Healthy', { dnsPods })).toMatchObject({ status: 'False', reason: 'PodsNotReady' });
  });
});

describe('what the prober found', () => {
  const asked = (overrides: Partial<AskedFacts> = {}): AskedFacts => ({
    status: 'True',
    reason: 'AllPodsAnswer',
    message: '2 of 2 DNS pods answer.',
    isPending: false,
    answering: 2,
    notAskable: 0,
    looping: 0,
    service: 'Answers',
    lastRound: { at: at(0), firstAt: at(0), intervalMs: 30_000 },
    ...overrides,
  });
  const late = { status: 'False', reason: 'LateLoop', message: 'coredns-x forwards to itself.' } as const;
  const pending = {
    status: 'Unknown',
    reason: 'NotAsked',
    message: 'Not asked yet.',
    isPending: true,
  } as const;

  it('is shown beside the number of ready pods, and decides the condition Healthy', () => {
    const status = policyStatus(facts({ asked: asked({ ...late, answering: 1 }) }));
    expect(status.dnsPods).toMatchObject({ summary: '2/2', answering: 1, answeringSummary: '1/2' });
    expect(status.prober).toEqual({
      intervalSeconds: 30,
      askedAt: isoAt(0),
      service: 'Answers',
      notAskable: 0,
    });
    expect(condition('Healthy', { asked: asked(late) })).toMatchObject(late);
  });

  it.each<[string, Partial<AskedFacts>]>([
    ['none of them can be asked from where the operator runs', { notAskable: 2 }],
    ['they were not asked yet', pending],
  ])('shows no number of answering pods if %s', (_why, known) => {
    const { dnsPods } = policyStatus(facts({ asked: asked({ answering: 0, ...known }) }));
    expect(dnsPods).toMatchObject({ summary: '2/2', answering: 0 });
    expect(dnsPods?.answeringSummary).toBeUndefined();
  });

  it.each<[string, Partial<PolicyFacts>, string]>([
    ['True AllPodsReady', { asked: null }, 'if the prober is off'],
    ['True AllPodsAnswer', { asked: asked() }, 'if all answer'],
    ['Unknown NotAsked', { asked: asked(pending) }, 'until all were asked, never healthy'],
    ['False LoopDetected', { asked: asked(late), loopingPods: ['x'] }, 'if a pod crashes in a loop'],
    ['False LateLoop', { asked: asked(late), dnsPods: [aLoopingPod()] }, 'even if a pod is not ready'],
    ['False PodsNotReady', { asked: asked(), dnsPods: [aLoopingPod()] }, 'if a pod is not ready'],
  ])('makes Healthy %s with %j, %s', (expected, overrides) => {
    const { status, reason } = condition('Healthy', overrides) ?? {};
    expect(`${status} ${reason}`).toBe(expected);
  });

  it('does not make a failure that another leader found unknown until the pods were asked again', () => {
    const before = policyStatus(facts({ asked: asked(late) }));
    expect(condition('Healthy', { previous: before, asked: asked(pending) })).toMatchObject(late);
    const lastRound = { at: at(600), firstAt: at(0), intervalMs: 30_000 };
    const later = condition('Healthy', { previous: before, asked: asked({ ...pending, lastRound }) });
    expect(later).toMatchObject({ reason: 'NotAsked' });
    const well = policyStatus(facts({ asked: asked() }));
    expect(condition('Healthy', { previous: well, asked: asked(pending) })).toMatchObject({
      reason: 'NotAsked',
    });
  });

  it('changes the status only when something turned, and every few minutes', () => {
    const first = policyStatus(facts({ asked: asked() }));
    const after = (ms: number) => {
      const now = at(0) + ms;
      return policyStatus(
        facts({
          previous: first,
          now,
          asked: asked({ lastRound: { at: now, firstAt: at(0), intervalMs: 30_000 } }),
        }),
      );
    };
    expect(after(HEARTBEAT_MS - 1)).toEqual(first);
    expect(after(HEARTBEAT_MS).prober?.askedAt).toBe(new Date(at(0) + HEARTBEAT_MS).toISOString());
  });
});

describe('the nodes in the status of a policy', () => {
  const nodes = nodesStatusSchema.parse({ total: 2, checked: 1, proven: 1, drifted: 0, summary: '1/2' });
  const previous = policyStatus(facts({ nodes }));

  it('are what the checks found', () => {
    expect(previous.nodes).toEqual(nodes);
  });

  it('stay as the leader before this one has written them until this one has counted', () => {
    expect(policyStatus(facts({ previous, nodes: 'unknown' })).nodes).toEqual(nodes);
    expect(policyStatus(facts({ nodes: 'unknown' }))).not.toHaveProperty('nodes');
  });

  it('are absent where no node is checked under this policy', () => {
    expect(policyStatus(facts({ previous, nodes: 'none' }))).not.toHaveProperty('nodes');
  });
});
