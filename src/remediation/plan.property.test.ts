import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SimulatedCluster } from '../../test/support/objects/simulated-cluster.ts';
import type { DriftingPod, Script } from '../../test/support/objects/simulated-script.ts';
import { FINAL_PHASES, type Phase } from '../api/remediation.ts';

/** More than any path needs, waits included; a plan that loops does not end within it. */
const MANY_STEPS = 800;

const scripts: fc.Arbitrary<Script> = fc.record({
  drift: fc.option(fc.subarray<DriftingPod>(['good', 'given-the-stub', 'late-loop'])),
  inFile: fc.boolean(),
  repairedOften: fc.option(fc.constantFrom('report', 'nothing', 'no-start'), { freq: 3 }),
  strategy: fc.constantFrom('Cordon', 'Taint'),
  cordonedBefore: fc.boolean(),
  agent: fc.constantFrom(
    'repaired',
    'repaired',
    'already-right',
    'refused',
    'rolled-back',
    'failed',
    'failed-kubelet-down',
    'never-starts',
    'silent',
    'dies-once',
    'dies-always',
    'elsewhere',
  ),
  passing: fc.array(fc.constantFrom('never-starts', 'target-silent', 'interrupted'), { maxLength: 5 }),
  guard: fc.constantFrom('none', 'kept', 'kept', 'rolled-back', 'failed', 'dies', 'endless'),
  proof: fc.constantFrom('usable', 'usable', 'killed-once', 'failed', 'silent'),
  dnsWorks: fc.boolean(),
  replacementMs: fc.constantFrom(1_000, 85_000),
  away: fc.record({
    step: fc.integer({ min: 0, max: 30 }),
    who: fc.constantFrom('operator', 'api-server'),
  }),
  lostAfter: fc
    .uniqueArray(fc.integer({ min: 1, max: 14 }), { maxLength: 6 })
    .map((writes) => new Set(writes)),
});

function run(script: Script): SimulatedCluster {
  const cluster = new SimulatedCluster(script);
  for (let step = 0; step < MANY_STEPS; step += 1) if (cluster.step().kind === 'pass') return cluster;
  throw new Error(`still ${cluster.status.phase} (${cluster.status.reason}) after ${MANY_STEPS} steps`);
}

/** A node that was found wrong once too often is inspected, and left alone. */
const isLeftAlone = ({ drift, repairedOften }: Script): boolean => drift != null && repairedOften != null;

const isOfFile = ({ drift, inFile }: Script): boolean => drift != null && inFile === true;

function expectedPhase(script: Script): Phase {
  const { agent, guard, proof, dnsWorks, drift } = script;
  if (isLeftAlone(script)) return 'Refused';
  if (agent === 'refused') return 'Refused';
  // Tried until the pod was gone, or a check found the node well.
  if (agent === 'never-starts') return 'Cancelled';
  if (agent === 'rolled-back') return 'RolledBack';
  // Nobody is asked: the agent reads the file again.
  if (isOfFile(script) && agent === 'already-right') return 'Cancelled';
  if (isOfFile(script)) return ['repaired', 'dies-once', 'elsewhere'].includes(agent) ? 'Healed' : 'Failed';
  const repaired = ['repaired', 'already-right', 'dies-once', 'elsewhere'].includes(agent);
  // Whatever the proof and DNS say: they can be right while the kubelet is dying.
  const isGuarded = repaired && agent !== 'already-right' && guard !== 'none';
  if (isGuarded && guard === 'rolled-back') return 'RolledBack';
  if (isGuarded && guard !== 'kept') return 'Failed';
  // Without a DNS pod on the node nobody is asked but the proof pod.
  const answers = dnsWorks || drift?.length === 0;
  return repaired && ['usable', 'killed-once'].includes(proof) && answers ? 'Healed' : 'Failed';
}

/** Everything that must hold of a script's end, as one value: a failure then shows the script and what differs. */
function end(script: Script) {
  const { status, node, proof, job, tally, deletedPods, pods } = run(script);
  const isExplained = status.rewrittenBy.length > 0;
  const twice = ['dies-once', 'dies-always', 'elsewhere'].includes(script.agent);
  return {
    ended: FINAL_PHASES.includes(status.phase),
    phase: status.phase,
    quarantine: node.quarantine,
    tainted: node.tainted,
    unschedulable: node.unschedulable,
    tooManyJobs: job.started > status.attempts.length + (twice ? 2 : 1) + script.lostAfter.size,
    jobsBesideAnother: job.besideAnother,
    heldWhileWaiting: tally.heldWhileWaiting,
    tooManyRestarts: job.restarts > 1,
    proofPod: proof,
    touchedWhereLeftAlone: isLeftAlone(script) && job.started + tally.quarantines > 0,
    disturbedForAFile: isOfFile(script) && job.restarts + tally.quarantines + deletedPods.length > 0,
    explained: isExplained,
    deletedTheGoodPod: deletedPods.includes('good'),
    leftABadPod:
      status.phase === 'Healed' &&
      !isOfFile(script) &&
      pods.some(({ uid }) => ['given-the-stub', 'late-loop'].includes(uid)),
  };
}

describe('whatever happens, wherever the operator is killed between an effect and its record, and whenever it or the API server is away for ten minutes', () => {
  // One run for all of it: each property sees as many scripts as if it had a run of its own, in less time than five.
  it('an incident ends with the outcome that the node and DNS gave, the node as it was found, one Job at a time and in each attempt (a second one only after a silent death or for another directory), nothing held between two attempts, at most one kubelet restart, no proof pod, of a node that was found wrong only those DNS pods replaced that were given the wrong file, and a node that was repaired too often inspected once and touched no more', () => {
    fc.assert(
      fc.property(scripts, (script) => {
        expect(end(script)).toEqual({
          ended: true,
          phase: expectedPhase(script),
          quarantine: null,
          tainted: false,
          unschedulable: script.cordonedBefore,
          tooManyJobs: false,
          jobsBesideAnother: 0,
          heldWhileWaiting: 0,
          tooManyRestarts: false,
          proofPod: null,
          touchedWhereLeftAlone: false,
          disturbedForAFile: false,
          explained: isLeftAlone(script) && script.repairedOften === 'report',
          deletedTheGoodPod: false,
          leftABadPod: false,
        });
      }),
      { numRuns: 3000 },
    );
  });
});

describe('a quarantine that is held after a failure', () => {
  const failing: Script = {
    strategy: 'Cordon',
    cordonedBefore: false,
    agent: 'repaired',
    guard: 'kept',
    proof: 'usable',
    dnsWorks: false,
    lostAfter: new Set(),
  };

  function untilHeld(): SimulatedCluster {
    const cluster = new SimulatedCluster(failing);
    for (let step = 0; step < MANY_STEPS && cluster.status.hold !== 'Held'; step += 1) cluster.step();
    return cluster;
  }

  it('is set again after a failed verification', () => {
    const cluster = untilHeld();
    expect(cluster.status).toMatchObject({ phase: 'Failed', reason: 'VerificationFailed' });
    expect(cluster.node.unschedulable).toBe(true);
    expect(cluster.tally).toMatchObject({ quarantines: 2, releases: 1 });
  });

  it('ends as soon as the failure is acknowledged', () => {
    const cluster = untilHeld();
    cluster.acknowledged = true;
    cluster.step();
    expect(cluster.node).toMatchObject({ quarantine: null, unschedulable: false });
  });

  it('ends by itself after the policy’s maximum', () => {
    const cluster = untilHeld();
    const heldAt = cluster.now;
    while (cluster.node.quarantine) cluster.step();
    const seconds = (cluster.now - heldAt) / 1000;
    expect(seconds).toBeGreaterThan(470);
    expect(seconds).toBeLessThan(495);
  });
});
