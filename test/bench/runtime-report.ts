/** The section on the runtime: two informers side by side, and the operator's goals. */
import type { ApiCalls } from './api-calls.ts';
import { type Client, type ClientFigures, RECONNECT_LIMIT_MS } from './informers.ts';
import type { OperatorLoad } from './operator-load.ts';
import { machine, median, spread, today, verdict } from './statistics.ts';

export interface IdleCalls {
  readonly seconds: number;
  readonly clients: Readonly<Record<Client, number>>;
  readonly operator: ApiCalls;
}

export interface RuntimeFigures {
  readonly clients: Readonly<Record<Client, readonly ClientFigures[]>>;
  readonly operator: readonly OperatorLoad[];
  readonly idle: IdleCalls;
}

const GOALS = { idleMiB: 80, peakMiB: 110, syncedSeconds: 2, requestsPerSecond: 0.3, delayMs: 25 };

export function runtimeReport({ clients, operator, idle }: RuntimeFigures): string {
  const { stock, whole, ours } = clients;
  const compare = (name: string, of: (figures: ClientFigures) => number, digits = 0): string =>
    `| ${name} | ${[stock, whole, ours].map((runs) => spread(runs.map(of), digits)).join(' | ')} | ${times(median(stock.map(of)), median(ours.map(of)))} |`;
  const idleRow = [idle.clients.stock, idle.clients.whole, idle.clients.ours].map((calls) =>
    ((calls * 60) / idle.seconds).toFixed(1),
  );
  const goal = (name: string, figures: readonly number[], limit: number, digits: number, unit: string) =>
    `| ${name} | ${spread(figures, digits)} ${unit} | at most ${limit} ${unit} | ${verdict(median(figures), limit)} |`;
  const { total, leases } = idle.operator;
  const rate = (calls: number): string => (calls / idle.seconds).toFixed(2);
  const within = (figure: number): string => verdict(figure / idle.seconds, GOALS.requestsPerSecond);
  return `\`npm run bench:runtime\`, ${today()}: a real apiserver with 5,000 nodes of 12 KB and 2,000 pods with CoreDNS's label;
medians of ${stock.length} runs in turn, with their range. ${machine()}, so read the ratios before the seconds.

**Informers.** Both watch all nodes and the labelled pods, bundled, each in a process of its own with the same flags.
The middle column is ours with whole nodes, as client-node asks for them; the right one as the operator watches, nodes by
their metadata only. Ratio: client-node / ours.

| | client-node's informer | ours, whole nodes | ours | ratio |
| --- | --- | --- | --- | --- |
${compare('time to sync, s', ({ syncSeconds }) => syncSeconds, 1)}
${compare('RSS after it, MiB', ({ rssMiB }) => rssMiB)}
${compare('highest RSS, MiB', ({ peakMiB }) => peakMiB)}
${compare('API calls until synced', ({ callsToSync }) => callsToSync)}
${compare('connections opened for that', ({ connectionsToSync }) => connectionsToSync)}
| API calls a minute when idle | ${idleRow.join(' | ')} | ${times(idle.clients.stock, idle.clients.ours)} |
| after a TCP reset, a change seen within, s | ${[stock, whole, ours].map(reconnects).join(' | ')} | |

client-node's informer tells an error once and stops for good; starting it again is left to the caller.

**The operator as a whole**: the bundle with the image's flags.

| figure | measured | goal | |
| --- | --- | --- | --- |
${goal(
  'RSS, idle',
  operator.map(({ idleMiB }) => idleMiB),
  GOALS.idleMiB,
  0,
  'MiB',
)}
${goal(
  'RSS, highest: start, heartbeats of all nodes, pods and policies replaced, resets',
  operator.map(({ peakMiB }) => peakMiB),
  GOALS.peakMiB,
  0,
  'MiB',
)}
${goal(
  'process start to everything synced',
  operator.map(({ syncedSeconds }) => syncedSeconds),
  GOALS.syncedSeconds,
  2,
  's',
)}
${goal(
  'event loop delay, p99, idle',
  operator.map(({ delay }) => delay.idle.p99Ms),
  GOALS.delayMs,
  0,
  'ms',
)}
${goal(
  'the same while that churns',
  operator.map(({ delay }) => delay.busy.p99Ms),
  GOALS.delayMs,
  0,
  'ms',
)}
${goal(
  'the same in the first ten seconds',
  operator.map(({ delay }) => delay.start.p99Ms),
  GOALS.delayMs,
  0,
  'ms',
)}
| requests when idle, without the Lease | ${rate(total - leases)} a second | at most ${GOALS.requestsPerSecond} a second | ${within(total - leases)} |
| the same with the leader's Lease (${leases} of its requests) | ${rate(total)} a second | at most ${GOALS.requestsPerSecond} a second | ${within(total)} |

Event loop delay is the process's own metric \`nodejs_eventloop_lag_p99_seconds\`; its sampling step of 10 ms is in the
figure. The longest single delay: ${longest(operator, 'idle')} ms idle, ${longest(operator, 'busy')} ms busy, ${longest(operator, 'start')} ms in the first ten seconds.
A leader renews its Lease every four seconds, which is 0.25 requests a second by itself; a standby only watches it.
Requests were counted in the audit log for ${idle.seconds} s. Open: ${spread(operator.map(({ handles }) => handles))} handles, ${spread(operator.map(({ connections }) => connections))} connection to the apiserver.
`;
}

const times = (theirs: number, own: number): string => (own > 0 ? (theirs / own).toFixed(1) : '-');

const longest = (runs: readonly OperatorLoad[], phase: keyof OperatorLoad['delay']): string =>
  Math.max(...runs.map(({ delay }) => delay[phase].maxMs)).toFixed(0);

function reconnects(runs: readonly ClientFigures[]): string {
  const seen = runs.flatMap(({ reconnectSeconds }) => (reconnectSeconds === null ? [] : [reconnectSeconds]));
  if (seen.length === runs.length) return spread(seen, 2);
  return `never in ${RECONNECT_LIMIT_MS / 1000} s (${runs.length - seen.length} of ${runs.length} runs)`;
}
