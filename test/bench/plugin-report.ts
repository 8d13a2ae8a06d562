/** The section on the plugin on the rig: how long a user waits. */
import { machine, median, spread, today, verdict } from './statistics.ts';

/** Milliseconds from the start of the process to its end, one for each run. */
interface PluginFigures {
  /** Verbs that need no cluster. */
  readonly start: Readonly<Record<string, readonly number[]>>;
  readonly healthy: readonly number[];
  /** A pod that loops and does not crash: it is asked, and does not answer. */
  readonly late: readonly number[];
  /** A pod in a crash loop. */
  readonly looping: readonly number[];
}

const GOAL_START_MS = 300;
const GOAL_DIAGNOSE_MS = 2_000;

export function pluginReport({ start, healthy, late, looping }: PluginFigures): string {
  const row = (name: string, times: readonly number[], goal: number): string =>
    `| ${name} | ${spread(times)} ms | ${goal} ms: ${verdict(median(times), goal)} |`;
  return `\`npm run bench:plugin\`, ${today()}: ${healthy.length} runs of each command, as it is bundled, each in a new process.
${machine()}.

| command | median (range) | goal |
| --- | --- | --- |
${Object.entries(start)
  .map(([name, times]) => row(`\`${name}\`, which needs no cluster`, times, GOAL_START_MS))
  .join('\n')}
| \`diagnose\` on the two-node rig: all pods well | ${spread(healthy)} ms | |
${row('the same with a pod in a crash loop', looping, GOAL_DIAGNOSE_MS)}
${row('the same with a pod that loops without a crash', late, GOAL_DIAGNOSE_MS)}
`;
}
