/** The section on checks of nodes: what they cost while all nodes of a big cluster are checked, and after that. */
import type { RequestRate } from './request-rate.ts';
import type { LoopDelay } from './shipped-operator.ts';
import { machine, median, spread, today, verdict } from './statistics.ts';

export interface CheckFigures {
  readonly syncedSeconds: number;
  /** From the start of the process until the pod of the first check exists. */
  readonly firstCheckSeconds: number;
  readonly checks: number;
  readonly rate: RequestRate;
  /** Every ten seconds. */
  readonly rssMiB: readonly number[];
  readonly peakMiB: number;
  /** Of the RSS: pages of files. */
  readonly fileMiB: number;
  readonly cpuSeconds: number;
  /** That the API server sent. */
  readonly bytesPerSecond: number;
  readonly delay: LoopDelay;
}

interface Checks {
  readonly nodes: number;
  readonly first: CheckFigures;
  readonly steady: CheckFigures;
  /** Pods of checks that exist at the end. */
  readonly podsLeft: number;
}

const GOALS = { idleMiB: 80, peakMiB: 110, average: 1, peak: 3, hours: 2 };
const DAY_SECONDS = 86_400;

export function checksReport({ nodes, first, steady, podsLeft }: Checks): string {
  const perMinute = first.checks / (first.rate.seconds / 60);
  const hours = nodes / perMinute / 60;
  const minutes = (first.rate.seconds / 60).toFixed(0);
  const average = first.rate.total / first.rate.seconds;
  const allChecked = first.checks >= nodes;
  const least = (2 * nodes) / (GOALS.hours * 3600);
  const aDay = (steady.rate.total / steady.rate.seconds) * DAY_SECONDS;
  return `\`npm run bench:checks -- --minutes ${minutes}\`, ${today()}: the bundle with the flags of the image against a real apiserver with
${nodes} nodes of 12 KB, whose kubelets write their status every five minutes, and a stand-in that ends the pod of each
check with a report after one to two seconds; the default policy. ${machine()}.

**First round**: no node was ever checked. ${allChecked ? 'Measured until all were checked' : `Measured for ${minutes} minutes, in which ${first.checks} nodes were checked; the time for all follows from that`}.

| figure | measured | goal | |
| --- | --- | --- | --- |
| process start to the first check | ${first.firstCheckSeconds.toFixed(1)} s | | |
| checks per minute | ${perMinute.toFixed(1)} | | |
| all nodes checked after | ${hours.toFixed(2)} hours${allChecked ? '' : ' (computed)'} | at most ${GOALS.hours} hours | ${verdict(hours, GOALS.hours)} |
| requests per second, Lease included | ${average.toFixed(2)} | at most ${GOALS.average} | ${verdict(average, GOALS.average)} |
| requests per check, everything included | ${(first.rate.total / first.checks).toFixed(2)} | | |
| highest number of requests in ten seconds, per second | ${first.rate.highest(10).toFixed(1)} | at most ${GOALS.peak} | ${verdict(first.rate.highest(10), GOALS.peak)} |
| highest number of requests in one second | ${first.rate.highest(1).toFixed(0)} | | |
| RSS | ${spread(first.rssMiB)} MiB | | |
| highest RSS, start included | ${first.peakMiB.toFixed(0)} MiB | at most ${GOALS.peakMiB} MiB | ${verdict(first.peakMiB, GOALS.peakMiB)} |
| CPU, percent of one core | ${cpu(first)} | | |
| bytes from the API server per second | ${kilobytes(first)} KB | | |
| longest delay of the event loop | ${first.delay.maxMs.toFixed(0)} ms | | |

**Steady**: all nodes were checked once within the last day, and are checked again a day after that. Measured for ${(steady.rate.seconds / 60).toFixed(1)} minutes,
which hold one look at all nodes and ${steady.checks} checks.

| figure | measured | goal | |
| --- | --- | --- | --- |
| requests per second, Lease included | ${(steady.rate.total / steady.rate.seconds).toFixed(2)} | at most ${GOALS.average} | ${verdict(steady.rate.total / steady.rate.seconds, GOALS.average)} |
| highest number of requests in ten seconds, per second | ${steady.rate.highest(10).toFixed(1)} | at most ${GOALS.peak} | ${verdict(steady.rate.highest(10), GOALS.peak)} |
| requests per node and day, Lease included | ${(aDay / nodes).toFixed(1)} | | |
| RSS | ${spread(steady.rssMiB)} MiB | at most ${GOALS.idleMiB} MiB | ${verdict(median(steady.rssMiB), GOALS.idleMiB)} |
| highest RSS, start included | ${steady.peakMiB.toFixed(0)} MiB | at most ${GOALS.peakMiB} MiB | ${verdict(steady.peakMiB, GOALS.peakMiB)} |
| of it pages of files, mostly of Node's binary | ${steady.fileMiB.toFixed(0)} MiB | | |
| CPU, percent of one core | ${cpu(steady)} | | |
| bytes from the API server per second | ${kilobytes(steady)} KB | | |

Requests by kind, in the first round and after it: ${kinds(first, steady)}.
Pods of checks that exist at the end: ${podsLeft}.

A check is two writes, the pod and the node's record with its condition, and a share of the removal of twenty pods at once.
Two writes for each of ${nodes} nodes within ${GOALS.hours} hours alone are ${least.toFixed(2)} requests per second${
    least <= GOALS.average
      ? ''
      : `: with a pod and a record for each node, an
average of ${GOALS.average} per second cannot be reached within ${GOALS.hours} hours`
  }.
`;
}

const cpu = ({ cpuSeconds, rate }: CheckFigures): string => ((cpuSeconds / rate.seconds) * 100).toFixed(1);
const kilobytes = ({ bytesPerSecond }: CheckFigures): string => (bytesPerSecond / 1000).toFixed(0);

function kinds(first: CheckFigures, steady: CheckFigures): string {
  const names = [...new Set([...first.rate.byKind.keys(), ...steady.rate.byKind.keys()])];
  const count = ({ rate }: CheckFigures, name: string): number => rate.byKind.get(name) ?? 0;
  return names
    .toSorted((a, b) => count(first, b) - count(first, a))
    .map((name) => `${name} ${count(first, name)} and ${count(steady, name)}`)
    .join(', ');
}
