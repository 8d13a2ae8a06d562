/** The section on the agent: what it needs on a node, and how long the node has to wait. */
import { machine, median, spread, today, verdict } from './statistics.ts';

interface AgentFigures {
  /** Milliseconds from the start of the process to its decision. */
  readonly decidedMs: readonly number[];
  /** Milliseconds from the write to the first answer of the new kubelet. */
  readonly servingMs: readonly number[];
  /** Milliseconds from the write to the report, after the new kubelet has proved to be stable. */
  readonly trustedMs: readonly number[];
  readonly peakRssMiB: readonly number[];
  readonly bundleBytes: number;
}

const GOAL_DECIDED_MS = 300;

export function agentReport({
  decidedMs,
  servingMs,
  trustedMs,
  peakRssMiB,
  bundleBytes,
}: AgentFigures): string {
  const decided = median(decidedMs);
  return `\`npm run bench:agent\`, ${today()}: ${decidedMs.length} repairs of one node of the rig by the repair Job alone. ${machine()}.

| figure | median (range) | goal |
| --- | --- | --- |
| process start to decision | ${spread(decidedMs)} ms | ${GOAL_DECIDED_MS} ms: ${verdict(decided, GOAL_DECIDED_MS)} |
| change to a kubelet that serves with the new value | ${spread(servingMs)} ms | |
| change to the report, after which the guard watches | ${spread(trustedMs)} ms | |
| peak RSS of the agent | ${spread(peakRssMiB)} MiB | |
| bundle of the agent | ${(bundleBytes / 1024).toFixed(0)} KiB | |
`;
}
