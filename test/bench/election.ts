/** `npm run bench:election`: the election's rounds with the operator's own durations; a hundred take some twenty-five minutes. */
import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import { startApiserver } from '../support/apiserver/apiserver.ts';
import { electionRounds } from '../support/election/election-rounds.ts';
import { reportOf } from '../support/election/rounds-report.ts';

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '100' }, seed: { type: 'string' } },
});
const seed = Number(values.seed ?? randomInt(2 ** 31));
const durations = { leaseDurationMs: 15_000, renewDeadlineMs: 10_000, retryPeriodMs: 2_000 };
/** From the act to the first write of another leader, at most. A pause counts from its beginning, and lasts itself. */
const GOALS = { kill: 15_000, stop: 2_000, pause: 20_000 };

const server = await startApiserver();
try {
  const say = (line: string): void => void process.stderr.write(`${line}\n`);
  const election = electionRounds({ server, rounds: Number(values.rounds), seed, durations, say });
  await election.run();
  const { failoverMs, ...report } = await reportOf(election, server, durations);
  const failover = (['kill', 'stop', 'pause'] as const).map((act) => {
    const sorted = failoverMs[act].toSorted((a, b) => a - b);
    const [medianMs, longestMs] = [sorted[Math.floor(sorted.length / 2)], sorted.at(-1)];
    return { act, count: sorted.length, medianMs, longestMs, goalMs: GOALS[act] };
  });
  process.stdout.write(`${JSON.stringify({ seed, ...report, failover }, null, 2)}\n`);
  const isWell = report.violations.length === 0 && report.badEnds.length === 0;
  process.exitCode = isWell ? 0 : 1;
} finally {
  await server.stop();
}
