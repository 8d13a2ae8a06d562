import { expect, it } from 'vitest';
import { aRemediation, at, isoAt, SICK_POD, withDrift } from '../../../test/support/objects/builders.ts';
import { createRest } from './rest.ts';

const waiting = aRemediation({
  node: 'node-2',
  createdAt: at(5),
  status: { phase: 'Pending', reason: 'OtherNodeUnderRepair' },
});
const busy = aRemediation({ status: { phase: 'Repairing' } });

function setup(one = waiting) {
  let now = at(10);
  const pods: object[] = [{ uid: SICK_POD.uid, ready: false }];
  const stores = {
    remediations: { get: () => one, list: () => [busy, one] },
    policies: { list: () => [{ uid: 'policy-1', spec: { mode: 'Repair' } }] },
    dnsPods: { list: () => pods },
  } as unknown as Parameters<typeof createRest>[0];
  return { rest: createRest(stores, () => now), pods, advance: (ms: number) => void (now += ms) };
}

it('an incident that waits in line is read once, and then once a minute, however often it is woken', () => {
  const { rest, advance } = setup();
  expect(rest.leftMs(waiting.name)).toBe(0);
  rest.looked(waiting.name);
  expect(rest.leftMs(waiting.name)).toBe(60_000);
  advance(59_999);
  expect(rest.leftMs(waiting.name)).toBe(1);
  advance(1);
  expect(rest.leftMs(waiting.name)).toBe(0);
});

it('such an incident is read at once when its pod recovers or goes', () => {
  const { rest, pods } = setup();
  rest.looked(waiting.name);
  pods.length = 0;
  expect(rest.leftMs(waiting.name)).toBe(0);
});

it('a node that was found wrong rests in line as well, although no pod shows that it still is', () => {
  const { rest, pods } = setup(withDrift(waiting));
  pods.length = 0;
  rest.looked(waiting.name);
  expect(rest.leftMs(waiting.name)).toBe(60_000);
});

it('a node that was found wrong is read at once when a DNS pod of it crashes, until that is recorded', () => {
  const drift = withDrift(waiting);
  const failingPod = { name: 'coredns-sick', uid: SICK_POD.uid, since: isoAt(9) };
  for (const [status, leftMs] of [
    [drift.status, 0],
    [{ ...drift.status, failingPod }, 60_000],
  ] as const) {
    const { rest, pods } = setup({ ...drift, status });
    const container = { name: 'coredns', id: 'containerd://sick', runningSince: null };
    pods.splice(0, 1, { node: 'node-2', ready: false, containers: [container] });
    rest.looked(waiting.name);
    expect(rest.leftMs(waiting.name)).toBe(leftMs);
  }
});
