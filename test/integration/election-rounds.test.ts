/** A hundred rounds in which the leader is killed, stopped or paused: two never write, and one always takes over. */
import { randomInt } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { type Apiserver, startApiserver } from '../support/apiserver/apiserver.ts';
import { electionRounds } from '../support/election/election-rounds.ts';
import { reportOf } from '../support/election/rounds-report.ts';

/** A tenth of the real ones. How long a failover takes with the real ones is a figure: `npm run bench:election`. */
const DURATIONS = { leaseDurationMs: 1_500, renewDeadlineMs: 1_000, retryPeriodMs: 200 };
const ROUNDS = 100;

let server: Apiserver;
beforeAll(async () => {
  server = await startApiserver();
});
afterAll(async () => {
  await server.stop();
});

it('lets two never write, and one always take over, in 100 rounds of kill, stop and pause', {
  // Only ends a hang: three minutes where nothing else runs.
  timeout: 3_600_000,
}, async () => {
  const seed = Number(process.env['ELECTION_SEED'] ?? randomInt(2 ** 31));
  const evidence = await mkdtemp(join(tmpdir(), `dnshealth-election-${seed}-`));
  const election = electionRounds({ server, rounds: ROUNDS, seed, durations: DURATIONS });
  onTestFinished(async ({ task }) => {
    if (task.result?.state === 'pass') await rm(evidence, { recursive: true });
    else {
      await election.saveEvidence(evidence);
      process.stderr.write(`audit log, rounds and the writers' output are kept in ${evidence}\n`);
    }
  });
  await election.run();
  const { violations, heldBack, badEnds, tally, terms, ...figures } = await reportOf(
    election,
    server,
    DURATIONS,
  );
  process.stderr.write(
    `ELECTION_SEED=${seed}: ${JSON.stringify(tally)}, ${figures.writes} writes in ${terms} terms, ${heldBack.length} held back, longest without a write ${Math.round(figures.longestGapMs)} ms\n`,
  );
  expect({ evidence, violations, badEnds }).toEqual({ evidence, violations: [], badEnds: [] });
  expect(tally.kill + tally.stop + tally.pause).toBe(ROUNDS);
  // A leader that was killed or stopped never leads again: each of these rounds has a term, and the last leader has one.
  expect(terms).toBeGreaterThan(tally.kill + tally.stop);
});
