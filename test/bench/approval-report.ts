/** The section on approvals. */
import { machine, median, today } from './statistics.ts';

/** Seconds from the start of the `kubectl annotate` that approves a plan. */
export interface ApprovalTimes {
  /** Until kubectl ended. */
  readonly kubectl: number;
  readonly quarantined: number;
  readonly started: number;
  readonly kubeletBack: number;
}

export function approvalReport(times: readonly ApprovalTimes[]): string {
  const row = (what: string, key: keyof ApprovalTimes): string => {
    const figures = times.map((one) => one[key]);
    const [middle, low, high] = [median(figures), Math.min(...figures), Math.max(...figures)];
    return `| ${what} | ${middle.toFixed(2)} | ${low.toFixed(2)} | ${high.toFixed(2)} |`;
  };
  return `\`npm run bench:approval\`, ${today()}: ${times.length} rounds on the two-node rig under \`mode: Approve\`. ${machine()}.

Seconds from the start of the \`kubectl annotate\` that approves the plan:

| to | median | min | max |
| --- | --- | --- | --- |
${row('kubectl has ended', 'kubectl')}
${row('quarantined: the node is tainted', 'quarantined')}
${row('started: the Job of the repair is created', 'started')}
${row('kubelet running with the new value', 'kubeletBack')}
`;
}
