/** The same faults while an agent takes a repair back that an agent has made. */
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { runAgent } from './agent-process.ts';
import { nameOf, problemsOf, type Results, strikeAll, tally } from './every-fault.ts';
import { FAULTS } from './fault-cases.ts';
import { REPAIR, ROLLBACK } from './judge.ts';
import { LAYOUTS, type NodeLayout } from './node-layouts.ts';
import { AGENTS_OWN, type NodeSetup, ScratchNode } from './scratch-node.ts';
import { BUS_FAULTS } from './stand-in-systemd.ts';

/** A file that is replaced, and one that is written in place. */
const REPAIRED = LAYOUTS.filter(({ name }) => name === 'kubespray' || name === 'in place');
/** To a rollback, what the repair wrote is the old content. */
const backwards = (layout: NodeLayout): NodeLayout => ({
  ...layout,
  before: layout.after,
  after: layout.before,
});
const SETUPS = [
  ...REPAIRED.map((layout) => ({ layout, comesUp: true })),
  ...REPAIRED.slice(0, 1).map((layout) => ({ layout, comesUp: false })),
].map(
  ({ layout, comesUp }): NodeSetup => ({
    layout: backwards(layout),
    comesUp,
    certificate: inject('certificate'),
  }),
);

let kept: string;
let results: Results = new Map();

/** What the agent of a repair has left in its own directory. */
async function repaired({ layout, certificate }: NodeSetup, copy: string): Promise<string> {
  const node = await ScratchNode.make({ layout: backwards(layout), certificate });
  try {
    const { report, output } = await runAgent(node.root, REPAIR.request(node));
    if (report?.outcome !== REPAIR.done) throw new Error(`${layout.name}: not repaired\n${output}`);
    cpSync(join(node.root, AGENTS_OWN), copy, { recursive: true, preserveTimestamps: true });
    return copy;
  } finally {
    node.remove();
  }
}

describe('an agent whose rollback is killed at any call that changes the host, or whose call fails', () => {
  beforeAll(async () => {
    kept = mkdtempSync(join(tmpdir(), 'dnshealth-repaired-'));
    const setups = await Promise.all(
      SETUPS.map(async (setup, at) => ({ ...setup, repaired: await repaired(setup, join(kept, `${at}`)) })),
    );
    results = await strikeAll(setups, ROLLBACK);
  }, 1_800_000);
  afterAll(() => {
    rmSync(kept, { recursive: true });
    process.stdout.write(tally(results));
  });

  it.each(SETUPS.map((setup) => nameOf(setup)))(
    'leaves the old file or the repaired one, and ends well when it is run again: %s',
    (name) => {
      const own = results.get(name) ?? [];
      expect(own.length).toBeGreaterThan(10);
      expect(problemsOf(own)).toEqual([]);
    },
  );

  it('was tested with every fault', () => {
    const faults = [...results.values()].flat().map(({ fault }) => fault.fault);
    expect(new Set(faults)).toEqual(new Set([...FAULTS, ...BUS_FAULTS]));
  });
});
