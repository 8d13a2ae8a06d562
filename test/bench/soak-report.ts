/** The section on the soak: whether memory, handles or connections grow. */
import type { LoopDelay } from './shipped-operator.ts';
import { machine, median, spread, today } from './statistics.ts';

export interface Sample {
  readonly minute: number;
  readonly rssMiB: number;
  readonly handles: number;
  readonly connections: number;
}

interface Soak {
  readonly minutes: number;
  readonly samples: readonly Sample[];
  readonly steps: number;
  readonly resets: number;
  readonly peakMiB: number;
  readonly delay: LoopDelay;
  /** Whether both probes succeeded at the end. */
  readonly alive: boolean;
}

const GOAL_PERCENT = 5;

export function soakReport({ minutes, samples, steps, resets, peakMiB, delay, alive }: Soak): string {
  // The first fifth is the warm-up; of the rest, the first and the last quarter are compared.
  const warm = samples.filter(({ minute }) => minute > minutes / 5);
  const quarter = Math.max(1, Math.floor(warm.length / 4));
  const [first, last] = [warm.slice(0, quarter), warm.slice(-quarter)];
  const percentOf = (of: (sample: Sample) => number): number =>
    (median(last.map(of)) / median(first.map(of)) - 1) * 100;
  const row = (name: string, of: (sample: Sample) => number): string =>
    `| ${name} | ${spread(first.map(of))} | ${spread(last.map(of))} | ${percentOf(of).toFixed(1)} % |`;
  const growth = percentOf(({ rssMiB }) => rssMiB);
  return `\`npm run bench:soak -- --minutes ${minutes}\`, ${today()}: the bundle with the flags of the image against a real apiserver with
5,000 nodes and 2,000 DNS pods; ${steps} changes (heartbeats of nodes, pods and nodes replaced, policies created, changed
and deleted), and a TCP reset of all connections every minute, ${resets} in all. ${machine()}.

Medians with their range, after a warm-up of ${minutes / 5} minutes:

| | first quarter | last quarter | change |
| --- | --- | --- | --- |
${row('RSS, MiB', ({ rssMiB }) => rssMiB)}
${row('open handles', ({ handles }) => handles)}
${row('connections to the apiserver', ({ connections }) => connections)}

**RSS ${growth >= 0 ? '+' : ''}${growth.toFixed(1)} %** (goal: within ±${GOAL_PERCENT} %, ${Math.abs(growth) <= GOAL_PERCENT ? 'reached' : '**not reached**'}); highest ${peakMiB.toFixed(0)} MiB.
Event loop delay over the whole run: p99 ${delay.p99Ms.toFixed(0)} ms, longest ${delay.maxMs.toFixed(0)} ms. At the end, the probes reported ${alive ? 'alive and ready' : '**a failure**'}.
`;
}
