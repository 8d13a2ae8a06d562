import { describe, expect, it } from 'vitest';
import { aRemediation } from '../../test/support/objects/builders.ts';
import { aRawNode } from '../../test/support/objects/raw-objects.ts';
import { parseNodeFacts } from '../observe/node-facts.ts';
import type { Reflectors } from '../observe/reflectors.ts';
import { type Controller, type Watch, watch } from '../runtime/controller.ts';
import { controllerTable } from './controllers.ts';
import { createKnownNodes } from './nodes/known-nodes.ts';
import { createKubeletStarts } from './nodes/kubelet-starts.ts';
import { createNodeRecords } from './nodes/node-records.ts';
import { createSchedule } from './nodes/schedule.ts';
import { createWanted } from './nodes/wanted.ts';
import { createNodeTable } from './policy/node-table.ts';
import { createLateLoops } from './prober/late-loops.ts';
import { createProbes } from './prober/probes.ts';
import { createSightings, type Seen } from './sighting/sightings.ts';

/** A reflector that knows some keys and never changes. */
const still = (...keys: readonly string[]) => ({
  keys: () => keys,
  malformedKeys: () => [] as readonly string[],
  list: () => [],
  get: () => undefined,
  onChange: () => () => {},
});
const reflectors = {
  policies: still('coredns', 'other'),
  remediations: still(),
  dnsPods: still(),
  jobs: still(),
  agentPods: still(),
  nodes: still(),
  kubeletStarts: still(),
  nodeMarks: still(),
  ownNamespace: still(),
} satisfies Record<keyof Reflectors, unknown> as unknown as Reflectors;
const aSeen = { podUID: 'pod-1' } as Seen;

const reconcile = async () => ({ kind: 'done' as const });
const reconcilers = {
  sighting: reconcile,
  remediation: reconcile,
  policy: reconcile,
  nodeTable: reconcile,
  prober: reconcile,
  lateLoop: reconcile,
  rollback: reconcile,
  orphan: reconcile,
  excludeLabel: reconcile,
  history: reconcile,
  nodeLook: reconcile,
  nodeTurn: reconcile,
  nodeState: reconcile,
  inspection: reconcile,
  drift: reconcile,
  planRequest: reconcile,
};

const found = () => {
  const { nodes, kubeletStarts } = reflectors;
  const known = createKnownNodes(nodes);
  const schedule = createSchedule({
    stores: reflectors,
    known,
    starts: createKubeletStarts(kubeletStarts, nodes),
    records: createNodeRecords(nodes),
    wanted: createWanted(),
    now: Date.now,
  });
  const probes = createProbes();
  const nodeTable = createNodeTable(nodes, reflectors.policies);
  return {
    sightings: createSightings(),
    probes,
    lateLoops: createLateLoops(),
    nodeTable,
    known,
    schedule,
    eligible: () => 1,
  };
};

function wokenBy(controller: Controller | undefined, cause: () => void): readonly string[] {
  const woken: string[] = [];
  for (const row of controller?.watches ?? []) row.follow((key) => void woken.push(key));
  cause();
  return woken;
}

it('a sighting that is remembered or forgotten wakes every policy, so that its status counts it', () => {
  const sightings = createSightings();
  const policy = controllerTable(reflectors, { ...found(), sightings }, reconcilers).find(
    ({ name }) => name === 'policy',
  );
  const remember = () => sightings.remember('kube-system/coredns', aSeen);
  expect(wokenBy(policy, remember)).toEqual(['coredns', 'other']);
  expect(wokenBy(policy, () => sightings.keepOnly('kube-system/coredns', undefined))).toContain('coredns');
});

it('a policy whose spec is not valid any more is woken as well, so that its status says so', () => {
  const sightings = createSightings();
  const policies = { ...still('coredns'), malformedKeys: () => ['invalid'] };
  const table = controllerTable(
    { ...reflectors, policies } as unknown as typeof reflectors,
    { ...found(), sightings },
    reconcilers,
  );
  const policy = table.find(({ name }) => name === 'policy');
  const remember = () => sightings.remember('kube-system/coredns', aSeen);
  expect(wokenBy(policy, remember)).toEqual(['coredns', 'invalid']);
});

describe('a policy whose status was written by the operator', () => {
  const policies = (generation: number) => ({
    ...still('coredns'),
    onChange: (listener: (change: unknown) => void) => {
      listener({
        kind: 'modified',
        key: 'coredns',
        old: { generation: 1 },
        object: { generation },
      });
      return () => {};
    },
  });
  const open = { ...still(), list: () => [aRemediation()] };
  const wokenAt = (generation: number) => {
    const changed = { ...reflectors, policies: policies(generation), remediations: open };
    const table = controllerTable(changed as unknown as Reflectors, found(), reconcilers);
    return wokenBy(
      table.find(({ name }) => name === 'remediation'),
      () => {},
    );
  };

  it('wakes no incident; one with a new spec wakes all that are open', () => {
    expect(wokenAt(1)).toEqual([]);
    expect(wokenAt(2)).toEqual(['node-1-incident']);
  });
});

it('a source that is not a reflector does not have to be started or synced', () => {
  const row: Watch<string> = watch(createSightings(), (change) => change.key);
  expect(row).not.toHaveProperty('reflector');
});

it('a node that has become Ready wakes the claim of drifts, which leaves out nodes that are not', () => {
  const all = found();
  const drift = controllerTable(reflectors, all, reconcilers).find(({ name }) => name === 'drift');
  const facts = parseNodeFacts(aRawNode());
  all.known.put({ ...facts, ready: false });
  expect(wokenBy(drift, () => all.known.put({ ...facts, ready: true }))).toEqual(['drifts']);
  expect(wokenBy(drift, () => all.known.put({ ...facts, bootID: 'boot-2' }))).toEqual([]);
});

it('the pod of a check or an inspection without an incident wakes no incident', () => {
  const pods = {
    ...still('check'),
    get: () => ({ remediation: '', node: 'node-1', origin: null, inspection: null }),
  };
  const table = controllerTable(
    { ...reflectors, agentPods: pods } as unknown as Reflectors,
    found(),
    reconcilers,
  );
  const row = table.find(({ name }) => name === 'remediation');
  expect(wokenBy(row, () => {})).toEqual([]);
});

describe('what is said of a node', () => {
  const nodeState = (all: ReturnType<typeof found>) =>
    controllerTable(reflectors, all, reconcilers).find(({ name }) => name === 'node-state');
  const facts = parseNodeFacts(aRawNode());

  it('is considered again when a look shows another condition, and not for another taint', () => {
    const all = found();
    all.known.put(facts);
    const state = nodeState(all);
    const { name } = facts;
    // Once because it is known at all.
    expect(wokenBy(state, () => all.known.put({ ...facts, takesDNSPods: false }))).toEqual([name]);
    expect(wokenBy(state, () => all.known.put({ ...facts, says: 'False/Drifted' }))).toEqual([name, name]);
  });

  it.each([
    ['a reboot', 'Rebooted', 1],
    ['the interval', 'Interval', 0],
    ['a check that failed', 'Retry', 0],
  ] as const)('is considered again when %s makes a check due: %s, %i times', (_what, why, times) => {
    const due = { node: 'node-1', uid: 'uid-of-node-1', why, at: 0, policy: 'policy-1', hostsDNSPods: false };
    const schedule = { ...found().schedule, get: () => due, keys: () => ['node-1'] };
    expect(wokenBy(nodeState({ ...found(), schedule }), () => {})).toHaveLength(times);
  });
});
