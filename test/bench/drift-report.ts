/** The section on drifts: how soon a wrong kubelet is found and healed, and what a check costs. */
import type { OperatorFigures } from './operator-figures.ts';
import { machine, median, percentile, today, verdict } from './statistics.ts';

/** Seconds from the restart of the kubelet with the wrong value. */
export interface DriftTimes {
  readonly found: number;
  readonly kubeletBack: number;
  readonly proven: number;
  readonly released: number;
  readonly ended: number;
}

export interface CheckCost {
  readonly checks: number;
  readonly created: number;
  readonly written: number;
  /** Of a batch, whose number of checks depends on the size of the cluster. */
  readonly removed: number;
  /** From the creation of the pod to the result, in the mean. */
  readonly seconds: number;
}

interface Measured {
  readonly times: readonly DriftTimes[];
  readonly cost: CheckCost;
  readonly figures: OperatorFigures;
}

/** Seconds. */
const GOAL = { median: 3, p99: 10 };
/** All nodes are read ten minutes after they were read last, in pages. */
const LOOKS_A_DAY = 144;
const NODES_A_PAGE = 100;
const CHECKS_A_BATCH = 20;

export function driftReport({ times, cost, figures }: Measured): string {
  const row = (name: string, key: keyof DriftTimes): string => {
    const all = times.map((one) => one[key]);
    const columns = [median(all), percentile(all, 0.99), Math.min(...all), Math.max(...all)];
    return `| ${name} | ${columns.map((figure) => figure.toFixed(2)).join(' | ')} |`;
  };
  const found = times.map((one) => one.found);
  const [middle, p99] = [median(found), percentile(found, 0.99)];
  return `\`npm run bench:drift\`, ${today()}: ${times.length} runs on the two-node rig, whose nodes drift in turn: the wrong
value is written and the kubelet restarted while the CoreDNS pod of the node is well. The last check of the node counts as
eleven minutes old, because a node is checked every ten minutes at most. ${machine()}.

Seconds from the restart of the kubelet, without manual steps:

| to | median | p99 | min | max |
| --- | --- | --- | --- | --- |
${row('drift found: the check has ended', 'found')}
${row('kubelet running with the right value', 'kubeletBack')}
${row('proven: a new pod gets the right file, and DNS works with it', 'proven')}
${row('node released', 'released')}
${row('record ended, after the guard', 'ended')}

**Found after ${middle.toFixed(2)} s** (median; goal: ${GOAL.median} s, ${verdict(middle, GOAL.median)}) **and ${p99.toFixed(2)} s** (p99; goal: ${GOAL.p99} s, ${verdict(p99, GOAL.p99)}).

What ${cost.checks} first checks cost, by the operator's own metrics:

| figure | value |
| --- | --- |
| pods created | ${cost.created} |
| patches of nodes/status, with record and condition | ${cost.written} |
| deletions of a batch of pods | ${cost.removed} |
| start of a check to its result, mean | ${cost.seconds.toFixed(1)} s |

The pod of a check ends by itself and is removed with its batch, within two minutes.

Requests for checks per node and day with the default interval, computed from that: one check, and its share of the looks
at all nodes (every ten minutes, ${NODES_A_PAGE} nodes a request).

| nodes | check | looks | sum |
| --- | --- | --- | --- |
${[2, 5_000].map((nodes) => requestsRow(nodes, cost)).join('\n')}

The operator's pod after ${times.length} repairs: ${figures.rssMiB.toFixed(0)} MiB RSS.
`;
}

function requestsRow(nodes: number, { checks, created, written }: CheckCost): string {
  const check = (created + written) / checks + 1 / Math.min(nodes, CHECKS_A_BATCH);
  const looks = (LOOKS_A_DAY * Math.ceil(nodes / NODES_A_PAGE)) / nodes;
  return `| ${nodes.toLocaleString('en')} | ${check.toFixed(2)} | ${looks.toFixed(2)} | ${(check + looks).toFixed(1)} |`;
}
