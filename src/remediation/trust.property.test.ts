/** The ladder of trust as a whole: random clusters, policies, histories, crashes and people, against rules of their own. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { play } from '../../test/support/trust/run.ts';
import { scripts } from '../../test/support/trust/script.ts';

/** `TRUST_RUNS=2000` for a long look; `TRUST_SEED`, and `TRUST_PATH` of a failure, to see one again. */
const numRuns = Number(process.env['TRUST_RUNS'] ?? 700);
/** However slow the machine is. */
const limitMs = Number(process.env['TRUST_SECONDS'] ?? 60) * 1000;
const path = process.env['TRUST_PATH'];
const seed = Number(process.env['TRUST_SEED'] ?? Date.now() % 1_000_000_007);

it('whatever people, nodes and clocks do, and whenever the operator is killed: no limit is exceeded, no second control-plane node and no last serving DNS pod is taken, no foreign mark is removed, nothing begins while paused, outside of a window, or without an approval of the present plan, no node is held beyond its cap, and whoever may begin, begins', async () => {
  let states = 0;
  const startedAt = performance.now();
  await fc.assert(
    fc.asyncProperty(scripts, async (script) => {
      const played = await play(script);
      states += played.states;
      expect(played.broken).toEqual([]);
    }),
    {
      numRuns,
      seed,
      ...(path === undefined ? {} : { path }),
      // A cluster takes long to shrink: `TRUST_SHRINK=1` for the smallest one that fails.
      endOnFailure: process.env['TRUST_SHRINK'] === undefined,
      interruptAfterTimeLimit: limitMs,
    },
  );
  const seconds = (performance.now() - startedAt) / 1000;
  console.info(`${states} states in ${seconds.toFixed(1)} s, seed ${seed}`);
});
