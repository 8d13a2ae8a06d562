import { expect, it } from 'vitest';
import {
  aPolicySpec,
  aRemediation,
  at,
  isoAt,
  SICK_POD,
  withDrift,
} from '../../../test/support/objects/builders.ts';
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
  const policies = [{ uid: 'policy-1', spec: aPolicySpec() }];
  const node = { checks: 'as it was read' };
  const stores = {
    remediations: { get: () => one, list: () => [busy, one] },
    policies: { list: () => policies },
    dnsPods: { list: () => pods },
    nodes: { get: () => node },
    ownNamespace: { get: () => undefined },
  } as unknown as Parameters<typeof createRest>[0];
  return {
    rest: createRest(
      stores,
      () => 1,
      () => now,
    ),
    one,
    pods,
    policies,
    node,
    advance: (ms: number) => void (now += ms),
  };
}

it('an incident that waits in line is read once, and then once a minute, however often it is woken', () => {
  const { rest, one, advance } = setup();
  expect(rest.leftMs(waiting.name)).toBe(0);
  rest.waits(one, 60_000);
  expect(rest.leftMs(waiting.name)).toBe(60_000);
  advance(59_999);
  expect(rest.leftMs(waiting.name)).toBe(1);
  advance(1);
  expect(rest.leftMs(waiting.name)).toBe(0);
});

it('such an incident is read at once when its pod recovers or goes', () => {
  const { rest, one, pods } = setup();
  rest.waits(one, 60_000);
  pods.length = 0;
  expect(rest.leftMs(waiting.name)).toBe(0);
});

it('a node that was found wrong rests in line as well, although no pod shows that it still is', () => {
  const { rest, one, pods } = setup(withDrift(waiting));
  pods.length = 0;
  rest.waits(one, 60_000);
  expect(rest.leftMs(waiting.name)).toBe(60_000);
});

it('a node that was found wrong is read at once when a DNS pod of it crashes, until that is recorded', () => {
  const drift = withDrift(waiting);
  const failingPod = { name: 'coredns-sick', uid: SICK_POD.uid, since: isoAt(9) };
  for (const [status, leftMs] of [
    [drift.status, 0],
    [{ ...drift.status, failingPod }, 60_000],
  ] as const) {
    const { rest, one, pods } = setup({ ...drift, status });
    const container = { name: 'coredns', id: 'containerd://sick', runningSince: null };
    pods.splice(0, 1, { node: 'node-2', ready: false, containers: [container] });
    rest.waits(one, 60_000);
    expect(rest.leftMs(waiting.name)).toBe(leftMs);
  }
});

it('a node is read at once when one of its checks has ended', () => {
  const { rest, one, node } = setup(withDrift(waiting));
  rest.waits(one, 60_000);
  node.checks = 'well';
  expect(rest.leftMs(waiting.name)).toBe(0);
});

it('an incident that waits for a window is not read before it opens, however many hours that takes, unless the policy changes', () => {
  const windows = [{ cron: '0 22 * * *', duration: '1h', timeZone: 'UTC' }];
  const message =
    'No maintenance window of the policy is open. The next one opens at 2026-03-01T22:00:00.000Z ("0 22 * * *", UTC).';
  const status = { ...waiting.status, reason: 'OutsideWindow', message };
  const { rest, one, policies, advance } = setup({ ...waiting, status });
  policies[0] = { uid: 'policy-1', spec: aPolicySpec({ maintenance: { windows } }) };
  const opens = 10 * 3_600_000 - 10_000;
  rest.waits(one, opens);
  expect(rest.leftMs(waiting.name)).toBe(opens);
  advance(opens - 1);
  expect(rest.leftMs(waiting.name)).toBe(1);
  policies[0] = { uid: 'policy-1', spec: aPolicySpec() };
  expect(rest.leftMs(waiting.name)).toBe(0);
});
