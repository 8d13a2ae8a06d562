/** The section on the runtime: two informers side by side, and the goals of the operator. */
import type { ApiCalls } from './api-calls.ts';
import { type Client, type ClientFigures, RECONNECT_LIMIT_MS } from './informers.ts';
import type { OperatorLoad } from './operator-load.ts';
import { machine, median, spread, today, verdict } from './statistics.ts';

export interface IdleCalls {
  readonly seconds: number;
  readonly clients: Readonly<Record<Client, number>>;
  readonly operator: ApiCalls;
}

interface RuntimeFigures {
  readonly clients: Readonly<Record<Client, readonly ClientFigures[]>>;
  readonly operator: readonly OperatorLoad[];
  readonly idle: IdleCalls;
}

const GOALS = { idleMiB: 80, peakMiB: 110, syncedSeconds: 2, requestsPerSecond: 0.3, delayMs: 25 };

export function runtimeReport({ clients, operator, idle }: RuntimeFigures): string {
  return `\`npm run bench:runtime\`, ${today()}: a real apiserver with 5,000 nodes of 12 KB and 2,000 pods with CoreDNS's label;
medians of ${clients.stock.length} runs in turn, with their range. ${machine()}:
the ratios say more than the seconds.

**Informers.** Each watches all nodes and the labelled pods, bundled, in its own process with the same flags.
The middle column is ours with whole nodes, which client-node requests; the right one is ours as in the operator, with
the metadata of nodes only. Ratio: client-node / ours.

| | client-node's informer | ours, whole nodes | ours | ratio |
| --- | --- | --- | --- | --- |
${informerRows(clients, idle)}

client-node's informer reports an error once and then stops; restarting it is left to the caller.

**The whole operator**: the bundle with the flags of the image.

| figure | measured | goal | |
| --- | --- | --- | --- |
${operatorRows(operator, idle)}

Event loop delay is the process's own metric \`nodejs_eventloop_lag_p99_seconds\`, which includes its sampling interval of
10 ms. Longest single delay: ${longest(operator, 'idle')} ms idle, ${longest(operator, 'busy')} ms under load, ${longest(operator, 'start')} ms in the first ten seconds.
A leader renews its Lease every four seconds, which alone is 0.25 requests per second; a standby only watches it.
Requests were counted in the audit log for ${idle.seconds} s. Open: ${spread(operator.map(({ handles }) => handles))} handles, ${spread(operator.map(({ connections }) => connections))} connection to the apiserver.
`;
}

function informerRows({ stock, whole, ours }: RuntimeFigures['clients'], idle: IdleCalls): string {
  const row = (name: string, of: (figures: ClientFigures) => number, digits = 0): string =>
    `| ${name} | ${[stock, whole, ours].map((runs) => spread(runs.map(of), digits)).join(' | ')} | ${times(median(stock.map(of)), median(ours.map(of)))} |`;
  const perMinute = [idle.clients.stock, idle.clients.whole, idle.clients.ours].map((calls) =>
    ((calls * 60) / idle.seconds).toFixed(1),
  );
  return [
    row('time to sync, s', ({ syncSeconds }) => syncSeconds, 1),
    row('RSS after sync, MiB', ({ rssMiB }) => rssMiB),
    row('highest RSS, MiB', ({ peakMiB }) => peakMiB),
    row('API calls until synced', ({ callsToSync }) => callsToSync),
    row('connections opened until synced', ({ connectionsToSync }) => connectionsToSync),
    `| API calls per minute when idle | ${perMinute.join(' | ')} | ${times(idle.clients.stock, idle.clients.ours)} |`,
    `| change seen after a TCP reset within, s | ${[stock, whole, ours].map(reconnects).join(' | ')} | |`,
  ].join('\n');
}

function operatorRows(runs: readonly OperatorLoad[], idle: IdleCalls): string {
  const row = (
    name: string,
    of: (load: OperatorLoad) => number,
    limit: number,
    digits: number,
    unit: string,
  ): string => {
    const figures = runs.map(of);
    return `| ${name} | ${spread(figures, digits)} ${unit} | at most ${limit} ${unit} | ${verdict(median(figures), limit)} |`;
  };
  const requests = (name: string, calls: number): string => {
    const rate = calls / idle.seconds;
    const limit = GOALS.requestsPerSecond;
    return `| requests when idle, ${name} | ${rate.toFixed(2)} per second | at most ${limit} per second | ${verdict(rate, limit)} |`;
  };
  const load = 'start, heartbeats of all nodes, pods and policies replaced, resets';
  const delay = 'event loop delay, p99,';
  const { total, leases } = idle.operator;
  return [
    row('RSS, idle', ({ idleMiB }) => idleMiB, GOALS.idleMiB, 0, 'MiB'),
    row(`highest RSS (${load})`, ({ peakMiB }) => peakMiB, GOALS.peakMiB, 0, 'MiB'),
    row('process start to fully synced', ({ syncedSeconds }) => syncedSeconds, GOALS.syncedSeconds, 2, 's'),
    row(`${delay} idle`, (run) => run.delay.idle.p99Ms, GOALS.delayMs, 0, 'ms'),
    row(`${delay} under that load`, (run) => run.delay.busy.p99Ms, GOALS.delayMs, 0, 'ms'),
    row(`${delay} in the first ten seconds`, (run) => run.delay.start.p99Ms, GOALS.delayMs, 0, 'ms'),
    requests('without the Lease', total - leases),
    requests(`with the leader's Lease (${leases} of its requests)`, total),
  ].join('\n');
}

const times = (theirs: number, own: number): string => (own > 0 ? (theirs / own).toFixed(1) : '-');

const longest = (runs: readonly OperatorLoad[], phase: keyof OperatorLoad['delay']): string =>
  Math.max(...runs.map(({ delay }) => delay[phase].maxMs)).toFixed(0);

function reconnects(runs: readonly ClientFigures[]): string {
  const seen = runs.flatMap(({ reconnectSeconds }) => (reconnectSeconds === null ? [] : [reconnectSeconds]));
  if (seen.length === runs.length) return spread(seen, 2);
  return `never in ${RECONNECT_LIMIT_MS / 1000} s (${runs.length - seen.length} of ${runs.length} runs)`;
}
