/** The section on repairs: medians with their range, and the goal beside its figure. */
import type { OperatorFigures } from './operator-figures.ts';
import { machine, median, today } from './statistics.ts';

/** Seconds from the death of the container. */
export interface RepairTimes {
  readonly claimed: number;
  readonly quarantined: number;
  readonly kubeletBack: number;
  readonly released: number;
  readonly verified: number;
}

export interface Measured {
  readonly ours: readonly RepairTimes[];
  /** Seconds. */
  readonly byHand: readonly number[];
  readonly idle: OperatorFigures;
  readonly after: OperatorFigures;
  readonly imageBytes: number;
}

/** Of the floor, for "verified". */
const GOAL_RATIO = 4;

export function repairReport({ ours, byHand, idle, after, imageBytes }: Measured): string {
  const row = (name: string, figures: readonly number[]): string =>
    `| ${name} | ${seconds(median(figures))} | ${seconds(Math.min(...figures))} | ${seconds(Math.max(...figures))} |`;
  const of = (key: keyof RepairTimes): readonly number[] => ours.map((times) => times[key]);
  const ratios = ours.map((times, round) => times.verified / (byHand[round] ?? Number.NaN));
  const ratio = median(ratios);
  return `\`npm run bench:repair\`, ${today()}: ${ours.length} rounds on the two-node rig; in each the
same node was broken and repaired twice, by hand and by the operator. ${machine()}, so read the ratio before the seconds.

Seconds from the death of the CoreDNS container (time stamp of its FATAL line), without a hand:

| to | median | min | max |
| --- | --- | --- | --- |
${row('claimed: the incident is named and diagnosed', of('claimed'))}
${row('quarantined: the node is cordoned', of('quarantined'))}
${row('kubelet back with the new value', of('kubeletBack'))}
${row('node released, after the proof pod', of('released'))}
${row('DNS verified, 3 s of stability included', of('verified'))}

The floor, seconds from the first keystroke of a script that knows node and cause already (edit, restart the kubelet,
delete the pod, wait for Ready); it detects nothing, proves nothing and undoes nothing:

| | median | min | max |
| --- | --- | --- | --- |
${row('by hand', byHand)}

**Verified / by hand: ${ratio.toFixed(1)}** (median of the rounds; goal: at most ${GOAL_RATIO}, ${ratio <= GOAL_RATIO ? 'reached' : 'not reached'}).
Against the quickest round by hand, where the readiness probe happened to come at once: ${(median(of('verified')) / Math.min(...byHand)).toFixed(1)}.

The operator's pod:

| figure | value |
| --- | --- |
| RSS, idle after start | ${idle.rssMiB.toFixed(0)} MiB |
| RSS, after ${ours.length} repairs | ${after.rssMiB.toFixed(0)} MiB |
| process start to everything synced | ${idle.startToSyncedSeconds.toFixed(2)} s |
| image, uncompressed | ${(imageBytes / 2 ** 20).toFixed(0)} MiB |
`;
}

const seconds = (value: number): string => value.toFixed(2);
