/** Strikes at every call of a change, on one node for each case, and judges what became of each. */
import { availableParallelism } from 'node:os';
import PQueue from 'p-queue';
import { runAgent } from './agent-process.ts';
import { busCases, casesOf, type FaultCase, inTurn } from './fault-cases.ts';
import { type ChangeVerb, type Judged, judge } from './judge.ts';
import { type NodeSetup, ScratchNode } from './scratch-node.ts';
import { readTrace, TRACE_ALL } from './traced-calls.ts';

/**
 * An agent without a guard mostly waits: for ten seconds it watches a kubelet that stays up. So many keep the cores busy; with
 * more, an agent may wait for longer than it allows the system bus.
 */
const AT_ONCE = availableParallelism() * 10;

export interface Result extends Judged {
  readonly fault: FaultCase;
}
/** By the name of the setup. */
export type Results = ReadonlyMap<string, readonly Result[]>;

export const nameOf = ({ layout, comesUp = true }: NodeSetup): string =>
  `${layout.name}${comesUp ? '' : ', where the new kubelet does not come up'}`;

/** `FAULTS=all` runs every case of every setup instead of a rotating selection. */
export async function strikeAll(setups: readonly NodeSetup[], verb: ChangeVerb): Promise<Results> {
  const queue = new PQueue({ concurrency: AT_ONCE });
  // Before the first fault, so that they do not share the machine with all the others.
  const traces = await Promise.all(
    setups.map(async (setup) => ({ setup, trace: await goodRun(setup, verb) })),
  );
  const results = await Promise.all(
    traces.map(async ({ setup, trace }, turn) => {
      const all = casesOf(readTrace(trace));
      const cases: readonly FaultCase[] = [
        ...(process.env.FAULTS === 'all' ? all : inTurn(all, turn)),
        ...busCases(setup.comesUp === false ? 2 : 1),
      ];
      const judged = cases.map(async (fault) =>
        queue.add(async () => ({ fault, ...(await judge(setup, fault, verb)) })),
      );
      return [nameOf(setup), await Promise.all(judged)] as const;
    }),
  );
  return new Map(results);
}

/** @throws where it did not end as it does without a fault: its calls would not be those to strike at */
async function goodRun(setup: NodeSetup, verb: ChangeVerb): Promise<string> {
  const node = await ScratchNode.make(setup);
  try {
    const { trace, report, output } = await runAgent(node.root, verb.request(node), TRACE_ALL);
    const expected = setup.comesUp === false ? verb.undone : verb.done;
    if (report?.outcome !== expected)
      throw new Error(`${nameOf(setup)}: ${JSON.stringify(report)} instead of ${expected}\n${output}`);
    return trace;
  } finally {
    node.remove();
  }
}

/** What is wrong with the results of one setup, a line for each case. */
export const problemsOf = (results: readonly Result[]): readonly string[] =>
  results
    .filter(({ problems }) => problems.length > 0)
    .map(({ fault, problems }) => `${fault.what}: ${problems.join('; ')}`);

/** How many cases ended how. */
export function tally(results: Results): string {
  const all = [...results.values()].flat();
  const ends = new Map<string, number>();
  for (const { fault, end } of all)
    ends.set(`${fault.fault}: ${end}`, (ends.get(`${fault.fault}: ${end}`) ?? 0) + 1);
  const rows = [...ends]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([what, count]) => `  ${count}  ${what}`);
  return `${all.length} cases over ${results.size} layouts\n${rows.join('\n')}\n`;
}
