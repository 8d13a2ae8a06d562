/** The section on decisions: states decided in a second. */
import { machine, today } from './statistics.ts';

export interface DecisionFigures {
  readonly open: number;
  readonly records: number;
  readonly runs: number;
  readonly decisions: number;
  /** Decisions per second under the default policy, under one with every limit, and under a paused one. */
  readonly plain: number;
  readonly limited: number;
  readonly paused: number;
}

export function decisionsReport(figures: DecisionFigures): string {
  const { open, records, runs, decisions } = figures;
  const row = (what: string, perSecond: number) =>
    `| ${what} | ${Math.round(perSecond)} | ${(1000 / perSecond).toFixed(2)} ms |`;
  return `\`npm run bench:decisions\`, ${today()}: \`plan()\` for each of ${open} incidents that wait, among ${records} records, which are put
together for each decision, as the controller does. Median of ${runs} runs of ${decisions} decisions. ${machine()}.

| policy | decisions per second | one decision |
| --- | --- | --- |
${row('default: one node at a time', figures.plain)}
${row('every limit set, and a window that is open', figures.limited)}
${row('paused', figures.paused)}

What all records say together is sorted out once for each decision (\`src/remediation/rollout/ledger.ts\`), whatever the
number of guards that ask for it. An incident whose wait the caches show is not decided on at all
(\`src/controller/incident/rest.ts\`).
`;
}
