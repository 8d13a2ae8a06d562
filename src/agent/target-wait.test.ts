/** A target that is missing, empty or silent for a moment, as while networkd reloads or before the first lease. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BAD, FakeNode, UPLINK } from './testing/fake-node.ts';

let node: FakeNode;
let logged: string[];
beforeEach(() => {
  node = new FakeNode();
  logged = [];
  node.onLog = (message) => logged.push(message);
});
afterEach(() => rmSync(node.root, { recursive: true }));

const GOOD_TARGET = 'nameserver 192.0.2.1\n';
/** Does it once, that long after the look began, by the node's clock. */
function after(ms: number, change: () => void): void {
  const { state, describe: look } = node;
  let dueMs: number | undefined;
  const isDue = (): void => {
    dueMs ??= node.nowMs + ms;
    if (node.nowMs >= dueMs) change();
  };
  Object.assign(node, {
    state,
    describe: async () => {
      isDue();
      return look();
    },
  });
}

const missing = () => rmSync(join(node.root, UPLINK));
const empty = () => node.write(UPLINK, '# No DNS servers known.\n');
let answer: string;
const silent = () => {
  answer = 'timeout';
  node.ask = async () => ({ result: answer, ms: 1 });
};

describe('a target that is not usable for a moment', () => {
  it.each<[string, () => unknown, () => void]>([
    ['missing', missing, () => node.write(UPLINK, GOOD_TARGET)],
    ['empty', empty, () => node.write(UPLINK, GOOD_TARGET)],
    ['silent', silent, () => void (answer = 'NXDOMAIN')],
  ])('is waited for while it is %s', async (_what, prepare, comesBack) => {
    prepare();
    after(10_000, comesBack);
    expect(await node.inspect()).toMatchObject({ outcome: 'would-change' });
    expect(await node.repair()).toMatchObject({ outcome: 'repaired' });
    expect(logged.filter((message) => message === 'waiting for the target')).toHaveLength(1);
  });

  it.each<[string, () => unknown, string]>([
    ['missing', missing, 'TargetMissing'],
    ['empty', empty, 'TargetEmpty'],
    ['silent', silent, 'TargetSilent'],
  ])('is refused after fifteen seconds if it is still %s', async (_what, prepare, reason) => {
    prepare();
    await node.startKubelet();
    const beganMs = node.nowMs;
    expect(await node.repair()).toMatchObject({ outcome: 'refused', reason });
    expect(node.nowMs - beganMs).toBeGreaterThanOrEqual(15_000);
    expect(node.nowMs - beganMs).toBeLessThan(16_000);
    expect(node.read()).toBe(BAD);
  });

  it.each<[string, string]>([
    ['a stub', 'nameserver 127.0.0.53\n'],
    ['a server of the cluster', 'nameserver 10.233.0.3\n'],
    ['an invalid line', 'nameserver\n'],
  ])('is refused at once if it has %s', async (_what, text) => {
    node.write(UPLINK, text);
    await node.startKubelet();
    const beganMs = node.nowMs;
    expect(await node.repair()).toMatchObject({ outcome: 'refused' });
    expect(node.nowMs).toBe(beganMs);
  });

  it('is not waited for any longer once the agent is told to stop', async () => {
    empty();
    await node.startKubelet();
    const beganMs = node.nowMs;
    after(2_000, () => node.stop.abort());
    expect(await node.repair()).toMatchObject({ outcome: 'refused', reason: 'TargetEmpty' });
    expect(node.nowMs - beganMs).toBeLessThan(4_000);
    expect(node.read()).toBe(BAD);
  });
});
