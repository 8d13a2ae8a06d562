/** The agent's bundle, as a process in the mounts of its Job, killed or failed by strace at every call that changes the host. */
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { nameOf, problemsOf, type Results, strikeAll, tally } from './every-fault.ts';
import { FAULTS } from './fault-cases.ts';
import { REPAIR } from './judge.ts';
import { LAYOUTS } from './node-layouts.ts';
import type { NodeSetup } from './scratch-node.ts';
import { BUS_FAULTS } from './stand-in-systemd.ts';

const SETUPS: readonly NodeSetup[] = [
  ...LAYOUTS.map((layout) => ({ layout })),
  ...LAYOUTS.filter(({ name }) => name === 'kubespray' || name === 'in place').map((layout) => ({
    layout,
    comesUp: false,
  })),
].map((setup) => ({ ...setup, certificate: inject('certificate') }));
let results: Results = new Map();

describe('an agent that is killed before or after any call that changes the host, or whose call fails', () => {
  beforeAll(async () => {
    results = await strikeAll(SETUPS, REPAIR);
  }, 1_800_000);
  afterAll(() => void process.stdout.write(tally(results)));

  it.each(SETUPS.map((setup) => nameOf(setup)))(
    'leaves the old file or the new one, and ends well when it is run again: %s',
    (name) => {
      const own = results.get(name) ?? [];
      expect(own.length).toBeGreaterThan(10);
      expect(problemsOf(own)).toEqual([]);
    },
  );

  it('was tested in at least 200 cases that include every fault', () => {
    const all = [...results.values()].flat();
    expect(all.length).toBeGreaterThanOrEqual(200);
    expect(new Set(all.map(({ fault }) => fault.fault))).toEqual(new Set([...FAULTS, ...BUS_FAULTS]));
  });
});
