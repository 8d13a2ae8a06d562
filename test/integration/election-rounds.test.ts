/** A hundred rounds in which the leader is killed, stopped or paused: never two writers, never none for long. */
import { randomInt } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Apiserver, startApiserver } from '../support/apiserver/apiserver.ts';
import { runRounds } from '../support/election/election-rounds.ts';

/** A tenth of the real ones. */
const DURATIONS = { leaseDurationMs: 1_500, renewDeadlineMs: 1_000, retryPeriodMs: 200 };
/**
 * For what is not a tenth: the requests of a claim, and the scheduling of two cores that start a program meanwhile; on
 * a busy machine a second and more. The gap at the real durations is a figure: `npm run bench:election`.
 */
const UNSCALED_MS = 1_500;
const ROUNDS = 100;

let server: Apiserver;
beforeAll(async () => {
  server = await startApiserver();
});
afterAll(async () => {
  await server.stop();
});

it('in 100 rounds of kill, stop and pause, two never write and one always does', {
  timeout: 400_000,
}, async () => {
  const seed = Number(process.env['ELECTION_SEED'] ?? randomInt(2 ** 31));
  const report = await runRounds({ server, rounds: ROUNDS, seed, durations: DURATIONS });
  const { tally, terms, writes, longestGapMs } = report;
  process.stderr.write(
    `ELECTION_SEED=${seed}: ${JSON.stringify(tally)}, ${writes} writes in ${terms} terms, longest without a write ${Math.round(longestGapMs)} ms\n`,
  );
  expect(report.badEnds).toEqual([]);
  expect(report.outsideOfTerms).toEqual([]);
  expect(longestGapMs).toBeLessThan(DURATIONS.leaseDurationMs + UNSCALED_MS);
  expect(tally.kill + tally.stop + tally.pause).toBe(ROUNDS);
  // Most of them changed the leader: a claim that nobody was tried would be easily kept.
  expect(terms).toBeGreaterThan(ROUNDS / 2);
});
