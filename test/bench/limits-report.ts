/** The section on limits: what each repair of a mass outage costs in requests to a real API server. */
import type { RequestRate } from './request-rate.ts';
import { machine, today, verdict } from './statistics.ts';

/** For each repair, from the claim to the end of its record. */
const GOAL = { requests: 20, writes: 12 };
const WRITES = ['create', 'update', 'patch', 'delete', 'deletecollection'];

export interface LimitsFigures {
  readonly nodes: number;
  readonly maxConcurrent: number;
  /** Of the operator's account, from the crashes until all nodes are healed. */
  readonly rate: RequestRate;
}

export function limitsReport({ nodes, maxConcurrent, rate }: LimitsFigures): string {
  const kinds = [...rate.byKind]
    .filter(([kind]) => !kind.endsWith(' leases'))
    .toSorted(([, a], [, b]) => b - a);
  const sum = (of: readonly (readonly [string, number])[]): number =>
    of.reduce((all, [, count]) => all + count, 0) / nodes;
  const isWrite = (kind: string): boolean => WRITES.some((verb) => kind.startsWith(`${verb} `));
  const requests = sum(kinds);
  const writes = sum(kinds.filter(([kind]) => isWrite(kind)));
  const events = sum(kinds.filter(([kind]) => kind.endsWith(' events')));
  return `\`npm run bench:limits\`, ${today()}: the operator's process against a real apiserver; the DNS pods of ${nodes} nodes loop at once,
\`limits.maxConcurrent\` is ${maxConcurrent}, and the nodes are played by the test. In the audit log, never more than ${maxConcurrent} nodes are in
quarantine, and the second only after the first is healed. ${machine()}.

| figure, for each repair, claim included | measured | goal | |
| --- | --- | --- | --- |
| requests | ${requests.toFixed(1)} | at most ${GOAL.requests} | ${verdict(requests, GOAL.requests)} |
| of these, writes | ${writes.toFixed(1)} | at most ${GOAL.writes} | ${verdict(writes, GOAL.writes)} |
| of these, events | ${events.toFixed(1)} | | |

Requests by kind in that run of ${rate.seconds.toFixed(0)} s, without the leader's Lease, checks of nodes included, for
each repair: ${kinds.map(([kind, count]) => `${kind} ${(count / nodes).toFixed(2)}`).join(', ')}.

A repair that waits is hardly written while others go on: its record changes with the reason of its wait. Most requests of a
repair are its steps, before each of which the node is read as it is now, and each of which is recorded before the next begins.
`;
}
