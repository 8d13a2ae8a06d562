import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Election } from '../testing/election-model.ts';

type Step =
  | { readonly kind: 'advance'; readonly ms: number }
  | { readonly kind: 'pause' | 'resume' | 'kill' | 'stop'; readonly who: number }
  | { readonly kind: 'skew'; readonly who: number; readonly ms: number }
  | { readonly kind: 'outage' | 'recovery' }
  | { readonly kind: 'lose'; readonly requests: number; readonly answers: number };

const who = fc.nat({ max: 2 });
const advance = fc.record({ kind: fc.constant('advance'), ms: fc.integer({ min: 1, max: 9_000 }) });
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: advance },
    { weight: 3, arbitrary: fc.record({ kind: fc.constantFrom('pause', 'pause', 'resume'), who }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('kill', 'stop'), who }) },
    {
      weight: 1,
      arbitrary: fc.record({ kind: fc.constant('skew'), who, ms: fc.integer({ min: -1e9, max: 1e9 }) }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('outage', 'recovery', 'recovery') }) },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constant('lose'),
        requests: fc.nat({ max: 2 }),
        answers: fc.nat({ max: 3 }),
      }),
    },
  ),
  { minLength: 5, maxLength: 30 },
);

async function take(election: Election, step: Step): Promise<void> {
  const { candidates } = election;
  switch (step.kind) {
    case 'advance':
      return election.advance(step.ms);
    case 'outage':
    case 'recovery':
      election.isUp = step.kind === 'recovery';
      return undefined;
    case 'lose':
      election.loseRequests += step.requests;
      election.loseAnswers += step.answers;
      return undefined;
    case 'skew':
      candidates[step.who % candidates.length]?.skew(step.ms);
      return undefined;
    default:
      candidates[step.who % candidates.length]?.[step.kind]();
      return undefined;
  }
}

/** Everything works again, and all leases, timers and requests of the past expire. */
async function heal(election: Election): Promise<void> {
  election.isUp = true;
  election.isCalm = true;
  election.loseRequests = 0;
  election.loseAnswers = 0;
  for (const candidate of election.candidates) if (!candidate.ended) candidate.resume();
  await election.advance(60_000);
}

describe('processes competing for a lease, under any pauses, clock skew and server faults', () => {
  it('at most one may write at a time, no write arrives under another leader, and one leads in the end', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(), fc.integer({ min: 2, max: 3 }), steps, async (seed, replicas, story) => {
        const election = new Election(seed, replicas);
        for (const step of story) {
          await take(election, step);
          election.check();
        }
        await heal(election);
        expect(election.faults).toEqual([]);
        expect(election.leaders.map(({ identity }) => identity)).toEqual([election.holder]);
      }),
      { numRuns: 2_000 },
    );
  });
});
