/** The section on the installation: how long Helm renders the chart, and how long the operator needs until it is ready. */
import { machine, spread, today } from './statistics.ts';

export interface InstallationFigures {
  readonly renders: readonly {
    readonly helm: string;
    /** Milliseconds of each `helm template`, and of the `helm version` beside it, which only starts the program. */
    readonly template: readonly number[];
    readonly version: readonly number[];
  }[];
  /** Seconds, of each start of a pod. */
  readonly starts: readonly PodStart[];
}

export interface PodStart {
  /** From the creation of the pod until its container runs, as the API shows it. */
  readonly running: number;
  /** From then until the pod is Ready. */
  readonly ready: number;
}

export function installationReport({ renders, starts }: InstallationFigures): string {
  const rows = renders.map(
    ({ helm, template, version }) => `| ${helm} | ${spread(template)} ms | ${spread(version)} ms |`,
  );
  const secondsOf = (part: keyof PodStart) =>
    spread(
      starts.map((start) => start[part]),
      2,
    );
  const [running, ready] = [secondsOf('running'), secondsOf('ready')];
  return `\`npm run bench:installation\`, ${today()}: medians with ranges. ${machine()}.

The chart with its default values, ${renders[0]?.template.length} times each, in turn with a command that renders nothing:

| Helm | \`helm template\` | \`helm version\` |
| --- | --- | --- |
${rows.join('\n')}

A pod of the operator whose image is on the node already, ${starts.length} starts on the two-node rig:

| from | to | seconds |
| --- | --- | --- |
| its creation | its container runs | ${running} |
| its container runs | it is Ready | ${ready} |

Ready means that all caches are synced. The kubelet asks at the period of the readiness probe, and reports with a delay of its own.
`;
}
