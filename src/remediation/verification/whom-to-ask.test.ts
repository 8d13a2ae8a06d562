import { describe, expect, it } from 'vitest';
import {
  aDnsPod,
  aLoopingPod,
  aRemediation,
  aRepairReport,
  aRun,
  aSituation,
  at,
  isoAt,
  withDrift,
} from '../../../test/support/objects/builders.ts';
import type { DnsPodView } from '../world.ts';
import { whomToAsk } from './whom-to-ask.ts';

interface Case {
  readonly pods: readonly DnsPodView[];
  /** Whether the looping pod was deleted by the operator. */
  readonly deleted?: boolean;
  readonly isLate?: boolean;
  /** Whether the incident began with a node that was found wrong. */
  readonly isDrift?: boolean;
}

/** The kubelet was restarted in second 4, the proof pod created in second 7; it is second 20. */
function asked({ pods, deleted = true, isLate = false, isDrift = false }: Case): string {
  const crash = aRemediation({
    status: {
      repair: aRepairReport(),
      steps: [{ name: 'Repair', startedAt: isoAt(3), finishedAt: isoAt(6) }],
      deletedPods: deleted ? [{ name: 'coredns-sick', uid: 'pod-sick' }] : [],
    },
  });
  const remediation = isDrift ? withDrift(crash) : crash;
  const world = { dnsPods: pods, proofPod: aRun({ createdAt: at(7) }) };
  const whom = whomToAsk(aSituation({ remediation, now: at(20), world }), isLate);
  return whom.kind === 'pod' ? `${whom.as} ${whom.pod.uid}` : whom.waitingFor;
}

const old = aDnsPod({ uid: 'three-months-old', createdAt: at(-7_776_000) });
const fresh = (overrides: Partial<DnsPodView> = {}) =>
  aDnsPod({
    name: 'coredns-new',
    uid: 'new',
    node: 'node-1',
    createdAt: at(9),
    startedAt: at(9),
    runningSince: at(10),
    ...overrides,
  });
const pending = fresh({
  uid: 'pending',
  node: '',
  ip: null,
  containerID: null,
  startedAt: null,
  runningSince: null,
});
const recovered = aLoopingPod({ uid: 'recovered', ready: true, runningSince: at(-15) });
const unready = aDnsPod({ uid: 'unready', node: 'node-1', ready: false });

describe('after the looping pod was deleted, the pod to ask is', () => {
  it.each<[string, readonly DnsPodView[], string]>([
    ['its replacement on the repaired node', [old, fresh()], 'replacement new'],
    ['that one also while it starts', [old, fresh({ runningSince: null })], 'replacement new'],
    ['its replacement on another node', [old, fresh({ node: 'node-2' })], 'replacement new'],
    [
      'the one on the repaired node of two',
      [fresh({ uid: 'other', node: 'node-2' }), fresh({ runningSince: null })],
      'replacement new',
    ],
    [
      'one that runs rather than one that is Pending',
      [pending, fresh({ node: 'node-2' })],
      'replacement new',
    ],
    ['the Pending replacement, not an old pod elsewhere', [old, pending], 'replacement pending'],
    [
      'nobody yet, although an old pod elsewhere serves',
      [old],
      'coredns-sick of node-1 was deleted, and the workload has not created a replacement yet.',
    ],
    [
      'nobody yet, although a pod of the node recovered',
      [recovered],
      'coredns-sick of node-1 was deleted, and the workload has not created a replacement yet.',
    ],
    [
      'never one that is being deleted',
      [fresh({ deleting: true }), aLoopingPod({ startedAt: at(9) })],
      'coredns-sick of node-1 was deleted, and the workload has not created a replacement yet.',
    ],
  ])('%s', (_what, pods, expected) => {
    expect(asked({ pods })).toBe(expected);
    // Waiting longer makes no other pod a replacement.
    expect(asked({ pods, isLate: true })).toBe(expected);
  });

  it('nobody that was created before the deletion, although after the claim', () => {
    expect(asked({ pods: [fresh({ node: 'node-2', createdAt: at(5) })] })).toMatch(/has not created/);
  });
});

describe('if no pod was deleted, the pod to ask is', () => {
  it.each<[string, Case, string]>([
    ['one of the node that recovered by itself', { pods: [old, recovered] }, 'witness recovered'],
    ['one that our restart made unready', { pods: [old, unready] }, 'witness unready'],
    [
      'a new one, created since the claim',
      { pods: [recovered, fresh({ node: 'node-2' })] },
      'replacement new',
    ],
    [
      'nobody on another node yet: the looping pod went away, and may be replaced',
      { pods: [old] },
      'No DNS pod serves on node-1, and the workload has not created a new one yet.',
    ],
    [
      'one that serves elsewhere, if none was created in time',
      { pods: [old], isLate: true },
      'witness three-months-old',
    ],
    [
      'nobody, if none serves',
      { pods: [aDnsPod({ ready: false })], isLate: true },
      'No DNS pod serves on node-1, and the workload has not created a new one yet.',
    ],
  ])('%s', (_what, { pods, isLate }, expected) => {
    expect(asked({ pods, deleted: false, ...(isLate ? { isLate } : {}) })).toBe(expected);
  });
});

describe('after a drift, the pod to ask is', () => {
  const elsewhere = fresh({ uid: 'scaled-up', node: 'node-2' });
  const serving = aDnsPod({ uid: 'serving', node: 'node-1' });

  it.each<[string, Case, string]>([
    ['the older one of the node that serves', { pods: [serving], deleted: false }, 'witness serving'],
    [
      'that one even if a new one has come on another node: nothing of this node was replaced',
      { pods: [serving, elsewhere], deleted: false },
      'witness serving',
    ],
    [
      'nobody on another node, however late',
      { pods: [old, elsewhere], deleted: false, isLate: true },
      'No DNS pod serves on node-1, and the workload has not created a new one yet.',
    ],
    [
      'the replacement wherever it is, if one of the node was deleted',
      { pods: [elsewhere] },
      'replacement scaled-up',
    ],
  ])('%s', (_what, given, expected) => {
    expect(asked({ ...given, isDrift: true })).toBe(expected);
  });
});

it('a node-local cache is never asked, and a new pod of another workload elsewhere is not the replacement', () => {
  const remediation = aRemediation();
  const its = { kind: 'Deployment', name: 'coredns', container: 'coredns' } as const;
  const ofWorkload = { ...remediation, spec: { ...remediation.spec, workload: its } };
  const cache = aDnsPod({ uid: 'cache', node: 'node-1', workload: 'DaemonSet/cache', isNodeLocal: true });
  const other = aDnsPod({
    uid: 'other',
    workload: 'Deployment/second',
    createdAt: at(60),
    startedAt: at(60),
  });
  const asked = (...dnsPods: ReturnType<typeof aDnsPod>[]) =>
    whomToAsk(aSituation({ remediation: ofWorkload, world: { dnsPods }, now: at(90) }), false);
  expect(asked(cache, other)).toMatchObject({ kind: 'nobody' });
  expect(asked(cache, { ...other, workload: 'Deployment/coredns' })).toMatchObject({
    kind: 'pod',
    pod: { uid: 'other' },
  });
});
