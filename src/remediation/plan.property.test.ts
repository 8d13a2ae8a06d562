import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Script, SimulatedCluster } from '../../test/support/objects/simulated-cluster.ts';
import { FINAL_PHASES, type Phase } from '../api/remediation.ts';

/** More than any path needs, waits included; a plan that goes in circles does not get there. */
const MANY_STEPS = 800;

const scripts: fc.Arbitrary<Script> = fc.record({
  strategy: fc.constantFrom('Cordon', 'Taint'),
  cordonedByPerson: fc.boolean(),
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
  proof: fc.constantFrom('proven', 'proven', 'failed', 'silent'),
  dnsWorks: fc.boolean(),
  lostAfter: fc
    .uniqueArray(fc.integer({ min: 1, max: 14 }), { maxLength: 6 })
    .map((writes) => new Set(writes)),
});

function run(script: Script): SimulatedCluster {
  const cluster = new SimulatedCluster(script);
  for (let step = 0; step < MANY_STEPS; step += 1) if (cluster.step().kind === 'pass') return cluster;
  throw new Error(`still ${cluster.status.phase} (${cluster.status.reason}) after ${MANY_STEPS} steps`);
}

function expectedPhase({ agent, proof, dnsWorks }: Script): Phase {
  if (agent === 'refused') return 'Refused';
  if (agent === 'rolled-back') return 'RolledBack';
  const repaired = ['repaired', 'already-right', 'dies-once', 'elsewhere'].includes(agent);
  return repaired && proof === 'proven' && dnsWorks ? 'Healed' : 'Failed';
}

describe('whatever happens, and wherever the operator is killed between an effect and its record', () => {
  it('an incident ends', () => {
    fc.assert(
      fc.property(scripts, (script) => {
        expect(FINAL_PHASES).toContain(run(script).status.phase);
      }),
      { numRuns: 3000 },
    );
  });

  it('the node ends as schedulable and as tainted as it was found', () => {
    fc.assert(
      fc.property(scripts, (script) => {
        const { node } = run(script);
        expect(node).toMatchObject({
          quarantine: null,
          hasOurTaint: false,
          unschedulable: script.cordonedByPerson,
        });
      }),
      { numRuns: 3000 },
    );
  });

  it('one Job is made, a second one only after a silent death or for another directory, and the kubelet is restarted at most once', () => {
    fc.assert(
      fc.property(scripts, (script) => {
        const { tally } = run(script);
        const twice = ['dies-once', 'dies-always', 'elsewhere'].includes(script.agent);
        expect(tally.jobs).toBeLessThanOrEqual(twice ? 2 + script.lostAfter.size : 1);
        expect(tally.restarts).toBeLessThanOrEqual(1);
      }),
      { numRuns: 3000 },
    );
  });

  it('the outcome is the one that the node and DNS gave', () => {
    fc.assert(
      fc.property(scripts, (script) => {
        expect(run(script).status.phase).toBe(expectedPhase(script));
      }),
      { numRuns: 3000 },
    );
  });

  it('no proof pod is left behind', () => {
    fc.assert(
      fc.property(scripts, (script) => {
        expect(run(script).proof).toBeNull();
      }),
      { numRuns: 500 },
    );
  });
});

describe('a quarantine that is held for a person', () => {
  const failing: Script = {
    strategy: 'Cordon',
    cordonedByPerson: false,
    agent: 'repaired',
    proof: 'proven',
    dnsWorks: false,
    lostAfter: new Set(),
  };

  function untilHeld(): SimulatedCluster {
    const cluster = new SimulatedCluster(failing);
    for (let step = 0; step < MANY_STEPS && cluster.status.hold !== 'Held'; step += 1) cluster.step();
    return cluster;
  }

  it('is put back after a failed verification', () => {
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

  it('ends after the policy’s maximum by itself', () => {
    const cluster = untilHeld();
    const heldAt = cluster.now;
    while (cluster.node.quarantine) cluster.step();
    const seconds = (cluster.now - heldAt) / 1000;
    expect(seconds).toBeGreaterThan(470);
    expect(seconds).toBeLessThan(495);
  });
});
