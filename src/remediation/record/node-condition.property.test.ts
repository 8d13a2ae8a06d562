import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { aRemediation, isoAt } from '../../../test/support/objects/builders.ts';
import type { NodeCheckRecord } from '../../api/node-check-record.ts';
import { statusOf } from '../../api/node-condition.ts';
import { FINAL_PHASES, PHASES } from '../../api/remediation.ts';
import { conditionOf, type KnownOfNode } from './node-condition.ts';

type Found = NonNullable<NodeCheckRecord['found']>;

const second = fc.integer({ min: -1000, max: 1000 });
const incident = fc
  .record({ phase: fc.constantFrom(...PHASES), acknowledged: fc.boolean(), end: second })
  .map(({ phase, acknowledged, end }) => {
    const finishedAt = FINAL_PHASES.includes(phase) ? { finishedAt: isoAt(end) } : {};
    return aRemediation({ acknowledged, status: { phase, ...finishedAt } });
  });
const found = fc.record({ wrong: fc.boolean(), at: second }).map(
  ({ wrong, at }): Found => ({
    verdict: wrong ? 'drifted' : 'proven',
    class: wrong ? 'stub' : 'ok',
    nameservers: [],
    at: isoAt(at),
  }),
);
/** The last check that found the node well is the one of `found`, or an earlier one. */
const known = fc
  .record({
    found: fc.option(found, { nil: undefined }),
    before: fc.option(second, { nil: undefined }),
    failures: fc.nat({ max: 5 }),
    incidents: fc.array(incident, { maxLength: 4 }),
    notRepaired: fc.constantFrom(null, 'The policy only observes.'),
    outdated: fc.constantFrom(null, 'The node was rebooted.'),
  })
  .map(({ before, ...all }): KnownOfNode => {
    const wellAt =
      all.found?.verdict === 'proven' ? all.found.at : before === undefined ? undefined : isoAt(before);
    return { ...all, ...(wellAt !== undefined && { provenAt: wellAt }) };
  });

const isOpen = ({ incidents }: KnownOfNode): boolean =>
  incidents.some(({ status }) => !FINAL_PHASES.includes(status.phase));
const isLeft = ({ incidents }: KnownOfNode): boolean =>
  incidents.some(
    ({ status, acknowledged }) => !acknowledged && ['Refused', 'Failed', 'RolledBack'].includes(status.phase),
  );

it('the condition is False only for a drift that nothing repairs, or after a repair that went wrong and is not acknowledged', () => {
  fc.assert(
    fc.property(known, (all) => {
      const condition = conditionOf(all);
      if (!condition || statusOf(condition.reason) !== 'False') return;
      expect(isOpen(all)).toBe(false);
      const isDrift = all.found?.verdict === 'drifted' && all.notRepaired !== null;
      expect(condition.reason === 'Drifted' ? isDrift : isLeft(all)).toBe(true);
    }),
    { numRuns: 5000 },
  );
});

it('the condition is True only if the last check that saw a file found the node well, and no incident is open', () => {
  fc.assert(
    fc.property(known, (all) => {
      if (conditionOf(all)?.reason !== 'Proven') return;
      expect(all.found?.verdict).toBe('proven');
      expect(isOpen(all)).toBe(false);
      expect(all.outdated).toBeNull();
    }),
    { numRuns: 5000 },
  );
});

it('checks that fail never make the condition False', () => {
  fc.assert(
    fc.property(known, fc.nat({ max: 10 }), (all, failures) => {
      const quiet = { ...all, found: undefined, incidents: [] };
      const condition = conditionOf({ ...quiet, failures });
      expect(condition ? statusOf(condition.reason) : 'Unknown').toBe('Unknown');
    }),
    { numRuns: 2000 },
  );
});
