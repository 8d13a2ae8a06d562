/** The section on `kubectl dnshealth diagnose` in a large cluster. */
import { machine, median, spread, today, verdict } from './statistics.ts';

export interface DiagnoseRun {
  /** From the start of the process to its end. */
  readonly seconds: number;
  readonly peakMiB: number;
  /** Requests to the API server, forwarded ports included. */
  readonly calls: number;
}

const GOALS = { seconds: 5, peakMiB: 150 };

export function diagnoseReport(
  runs: readonly DiagnoseRun[],
  { nodes, dnsPods, looping, delayMs }: Readonly<Record<'nodes' | 'dnsPods' | 'looping' | 'delayMs', number>>,
): string {
  const seconds = runs.map((run) => run.seconds);
  const peak = runs.map((run) => run.peakMiB);
  return `\`npm run bench:diagnose\`, ${today()}: \`kubectl dnshealth diagnose -o json\`, bundled, against a real apiserver with ${nodes.toLocaleString('en')} nodes
of 12 KB and ${dnsPods} DNS pods, of which ${looping} loop; a stand-in for their kubelets, which takes ${delayMs} ms for each answer. Medians
of ${runs.length} runs, with their range. ${machine()}.

| figure | measured | goal | |
| --- | --- | --- | --- |
| start of the process to its end | ${spread(seconds, 1)} s | at most ${GOALS.seconds} s | ${verdict(median(seconds), GOALS.seconds)} |
| highest RSS | ${spread(peak)} MiB | under ${GOALS.peakMiB} MiB | ${verdict(median(peak), GOALS.peakMiB)} |
| requests to the API server | ${spread(runs.map(({ calls }) => calls))} | | |

Nodes are read by name, only those with a DNS pod: the list of all would be 60 MB.
`;
}
