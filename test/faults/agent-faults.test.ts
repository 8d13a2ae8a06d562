/**
 * The agent's bundle, as a process in the mounts of its Job, killed or failed by strace at every call that changes the
 * host. `FAULTS=all` runs every case of every layout instead of a rotating selection.
 */
import { availableParallelism } from 'node:os';
import PQueue from 'p-queue';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { runAgent } from './agent-process.ts';
import { busCases, casesOf, FAULTS, type FaultCase, inTurn } from './fault-cases.ts';
import { type Judged, judge, request } from './judge.ts';
import { LAYOUTS } from './node-layouts.ts';
import { type NodeSetup, ScratchNode } from './scratch-node.ts';
import { BUS_FAULTS } from './stand-in-systemd.ts';
import { readTrace, TRACE_ALL } from './traced-calls.ts';

/** An agent without a guard mostly waits: for ten seconds it watches a kubelet that stays up. */
const AT_ONCE = availableParallelism() * 16;
const SETUPS: readonly NodeSetup[] = [
  ...LAYOUTS.map((layout) => ({ layout })),
  ...LAYOUTS.filter(({ name }) => name === 'kubespray' || name === 'in place').map((layout) => ({
    layout,
    comesUp: false,
  })),
].map((setup) => ({ ...setup, certificate: inject('certificate') }));
const nameOf = ({ layout, comesUp = true }: NodeSetup): string =>
  `${layout.name}${comesUp ? '' : ', where the new kubelet does not come up'}`;

interface Result extends Judged {
  readonly fault: FaultCase;
}
const results = new Map<string, readonly Result[]>();

/** @throws where it did not end as it does without a fault: its calls would not be those to strike at */
async function goodRun(setup: NodeSetup): Promise<string> {
  const node = await ScratchNode.make(setup);
  try {
    const { trace, report, output } = await runAgent(node.root, request(node), TRACE_ALL);
    const expected = setup.comesUp === false ? 'rolled-back' : 'repaired';
    if (report?.outcome !== expected)
      throw new Error(`${nameOf(setup)}: ${JSON.stringify(report)} instead of ${expected}\n${output}`);
    return trace;
  } finally {
    node.remove();
  }
}

describe('an agent that is killed before or after any call that changes the host, or whose call fails', () => {
  beforeAll(async () => {
    const queue = new PQueue({ concurrency: AT_ONCE });
    // Before the first fault, so that they do not share the machine with all the others.
    const traces = await Promise.all(SETUPS.map(async (setup) => ({ setup, trace: await goodRun(setup) })));
    await Promise.all(
      traces.map(async ({ setup, trace }, turn) => {
        const all = casesOf(readTrace(trace));
        const cases: readonly FaultCase[] = [
          ...(process.env.FAULTS === 'all' ? all : inTurn(all, turn)),
          ...busCases(setup.comesUp === false ? 2 : 1),
        ];
        results.set(
          nameOf(setup),
          await Promise.all(
            cases.map(async (fault) => queue.add(async () => ({ fault, ...(await judge(setup, fault)) }))),
          ),
        );
      }),
    );
  }, 1_800_000);

  afterAll(() => {
    const all = [...results.values()].flat();
    const ends = new Map<string, number>();
    for (const { fault, end } of all)
      ends.set(`${fault.fault}: ${end}`, (ends.get(`${fault.fault}: ${end}`) ?? 0) + 1);
    const rows = [...ends]
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([what, count]) => `  ${count}  ${what}`);
    process.stdout.write(`${all.length} cases over ${results.size} layouts\n${rows.join('\n')}\n`);
  });

  it.each(SETUPS.map((setup) => nameOf(setup)))(
    'leaves the old file or the new one, and ends well when it is run again: %s',
    (name) => {
      const own = results.get(name) ?? [];
      expect(own.length).toBeGreaterThan(10);
      expect(
        own
          .filter(({ problems }) => problems.length > 0)
          .map(({ fault, problems }) => `${fault.what}: ${problems.join('; ')}`),
      ).toEqual([]);
    },
  );

  it('was tested in at least 200 cases that include every fault', () => {
    const all = [...results.values()].flat();
    expect(all.length).toBeGreaterThanOrEqual(200);
    expect(new Set(all.map(({ fault }) => fault.fault))).toEqual(new Set([...FAULTS, ...BUS_FAULTS]));
  });
});
