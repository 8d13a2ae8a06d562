/** `npm run bench:election`: the election's rounds at the operator's own durations; a hundred take some twenty-five minutes. */
import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import { startApiserver } from '../support/apiserver/apiserver.ts';
import { runRounds } from '../support/election/election-rounds.ts';

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '100' }, seed: { type: 'string' } },
});
const seed = Number(values.seed ?? randomInt(2 ** 31));
const durations = { leaseDurationMs: 15_000, renewDeadlineMs: 10_000, retryPeriodMs: 2_000 };

const server = await startApiserver();
try {
  const say = (line: string): void => void process.stderr.write(`${line}\n`);
  const report = await runRounds({ server, rounds: Number(values.rounds), seed, durations, say });
  process.stdout.write(`${JSON.stringify({ seed, ...report }, null, 2)}\n`);
  const isWell = report.outsideOfTerms.length === 0 && report.badEnds.length === 0;
  process.exitCode = isWell ? 0 : 1;
} finally {
  await server.stop();
}
