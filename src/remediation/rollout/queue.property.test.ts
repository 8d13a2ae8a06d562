import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type FleetNode,
  type FleetScript,
  SimulatedFleet,
} from '../../../test/support/objects/simulated-fleet.ts';
import { DRIFT_PLACES } from '../../api/drift.ts';

/** Everything that keeps an incident waiting is over after so many ticks. */
const LONGEST = 6;
const lasts = () => fc.oneof(fc.constant(0), fc.integer({ min: 0, max: LONGEST }));
const both = <T>(arbitrary: fc.Arbitrary<T>) => fc.tuple(arbitrary, arbitrary);

const nodes: fc.Arbitrary<FleetNode> = fc.record({
  policy: fc.constantFrom(0, 0, 1),
  drift: fc.constantFrom(null, null, ...DRIFT_PLACES),
  crashesIn: fc.option(lasts()),
  controlPlane: fc.boolean(),
  notReady: lasts(),
  unreadableMark: fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: lasts() }),
  servers: fc.constantFrom(0, 0, 1, 2),
  serve: fc.integer({ min: 1, max: 3 * LONGEST }),
  claimed: fc.integer({ min: 0, max: 5 }),
});
const scripts: fc.Arbitrary<FleetScript> = fc.record({
  nodes: fc.array(nodes, { minLength: 1, maxLength: 6 }),
  maxConcurrent: both(fc.integer({ min: 1, max: 3 })),
  canaryHealed: both(fc.boolean()),
  halted: both(lasts()),
  noServerElsewhere: lasts(),
  jobStarts: fc.integer({ min: 0, max: 2 }),
  repairTakes: fc.integer({ min: 0, max: 2 }),
  lags: fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 9 }),
  order: fc.array(fc.nat(100), { minLength: 1, maxLength: 9 }),
});

describe('a thousand queues of incidents', () => {
  it('whoever can begin begins, crashes before drifts, also of a node that was found wrong before its DNS pod crashed, and drifts by their places, never more than allowed, never two control-plane nodes, never with the last serving DNS pod, until all are healed', () => {
    fc.assert(
      fc.property(scripts, (script) => {
        const fleet = new SimulatedFleet(script);
        const end = LONGEST + script.nodes.length * (script.jobStarts + script.repairTakes + 2) + 1;
        const wrong: string[] = [];
        while (!fleet.isOver && fleet.tick <= end) {
          // Throws if too many are under repair, or if the last serving DNS pod is taken down.
          fleet.round();
          for (const incident of fleet.waiting) {
            if (fleet.couldBegin(incident)) wrong.push(`${incident.node} could begin and waits`);
            if (!incident.history.at(-1)?.message) wrong.push(`${incident.node} does not say why it waits`);
          }
          fleet.pass();
        }
        expect({ wrong, healed: fleet.isOver }).toEqual({ wrong: [], healed: true });
      }),
      { numRuns: 1000 },
    );
  });
});
