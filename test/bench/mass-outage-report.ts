/** The section on a mass outage: is the first node healed as soon as if it were alone, and at how many requests. */
import { machine, median, spread, today, verdict } from './statistics.ts';

export const NODES = 300;
export const ROUNDS = 3;
/** Of each answer of the API. */
export const ANSWER_MS = 12;
/** The first of all is healed after at most this multiple of the time that it needs alone. */
const GOAL = 1.2;
/** Per second, once every incident is recorded: one repair after the other goes on, and the others wait. */
const GOAL_REQUESTS = 60;

export interface MassOutageRun {
  /** Seconds until verification began, and until the first node was healed. */
  readonly verifying: number;
  readonly healed: number;
  readonly requestsPerSecond: number;
  /** Incidents at the end of the run. */
  readonly claimed: number;
  /** Requests per second once all incidents are recorded. */
  readonly later: number;
}

export function massOutageReport(
  alone: readonly MassOutageRun[],
  together: readonly MassOutageRun[],
): string {
  const row = (name: string, of: (run: MassOutageRun) => number, digits: number): string =>
    `| ${name} | ${spread(alone.map(of), digits)} | ${spread(together.map(of), digits)} |`;
  const ratio = median(together.map(({ healed }) => healed)) / median(alone.map(({ healed }) => healed));
  const requests = median(together.map(({ later }) => later));
  return `\`npm run bench:mass-outage\`, ${today()}: all controllers, with an API within the process that answers after ${ANSWER_MS} ms and an agent
that needs 3 s; the DNS pods of one node, or of ${NODES} nodes at once, have died in a loop. Medians of ${ROUNDS} rounds with their
range, alternating. ${machine()}.

| | one node | ${NODES} nodes |
| --- | --- | --- |
${row('verification of the first node begins, s', ({ verifying }) => verifying, 1)}
${row('the first node is healed, s', ({ healed }) => healed, 1)}
${row('requests per second until then', ({ requestsPerSecond }) => requestsPerSecond, 0)}
${row('incidents claimed by then', ({ claimed }) => claimed, 0)}
${row('requests per second once all are claimed', ({ later }) => later, 0)}

The first of ${NODES} nodes is healed after **${ratio.toFixed(2)} times** what it takes alone (goal: at most ${GOAL}, ${verdict(ratio, GOAL)}). While the
crashes are claimed, each costs some fifteen requests, once. After that, while one node after the other is repaired, it is
${requests.toFixed(0)} requests per second (goal: at most ${GOAL_REQUESTS}, ${verdict(requests, GOAL_REQUESTS)}).
`;
}
