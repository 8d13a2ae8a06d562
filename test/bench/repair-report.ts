/** The section on repairs: medians with their range, and the goal beside the figure. */
import type { OperatorFigures } from './operator-figures.ts';
import { machine, median, today } from './statistics.ts';

/** Seconds from the crash of the container. */
export interface RepairTimes {
  readonly claimed: number;
  readonly quarantined: number;
  readonly kubeletBack: number;
  readonly released: number;
  readonly verified: number;
}

interface Measured {
  readonly ours: readonly RepairTimes[];
  /** Seconds. */
  readonly byHand: readonly number[];
  readonly idle: OperatorFigures;
  readonly after: OperatorFigures;
  readonly imageBytes: number;
}

/** Of "verified" to the baseline. */
const GOAL_RATIO = 4;

export function repairReport({ ours, byHand, idle, after, imageBytes }: Measured): string {
  const row = (name: string, figures: readonly number[]): string =>
    `| ${name} | ${seconds(median(figures))} | ${seconds(Math.min(...figures))} | ${seconds(Math.max(...figures))} |`;
  const of = (key: keyof RepairTimes): readonly number[] => ours.map((times) => times[key]);
  const ratios = ours.map((times, round) => times.verified / (byHand[round] ?? Number.NaN));
  const ratio = median(ratios);
  return `\`npm run bench:repair\`, ${today()}: ${ours.length} rounds on the two-node rig. In each round the
same node was broken and repaired twice, once by hand and once by the operator. ${machine()}:
the ratio says more than the seconds.

Seconds from the crash of the CoreDNS container (timestamp of its FATAL line), without manual steps:

| to | median | min | max |
| --- | --- | --- | --- |
${row('claimed: the failure is diagnosed and recorded', of('claimed'))}
${row('quarantined: the node is cordoned', of('quarantined'))}
${row('kubelet running with the new value', of('kubeletBack'))}
${row('node released, after the proof pod', of('released'))}
${row('DNS verified, including 3 s of stability', of('verified'))}

The baseline, in seconds from the start of a script that already knows the node and the cause (edit, restart the kubelet,
delete the pod, wait for Ready) and that detects, proves and undoes nothing:

| | median | min | max |
| --- | --- | --- | --- |
${row('by hand', byHand)}

**Verified / by hand: ${ratio.toFixed(1)}** (median of the rounds; goal: at most ${GOAL_RATIO}, ${ratio <= GOAL_RATIO ? 'reached' : 'not reached'}).
Compared with the fastest round by hand, in which the readiness probe happened to run at once: ${(median(of('verified')) / Math.min(...byHand)).toFixed(1)}.

The operator's pod:

| figure | value |
| --- | --- |
| RSS, idle after start | ${idle.rssMiB.toFixed(0)} MiB |
| RSS, after ${ours.length} repairs | ${after.rssMiB.toFixed(0)} MiB |
| process start to fully synced | ${idle.startToSyncedSeconds.toFixed(2)} s |
| image, uncompressed | ${(imageBytes / 2 ** 20).toFixed(0)} MiB |
`;
}

const seconds = (value: number): string => value.toFixed(2);
