import { describe, expect, it } from 'vitest';
import { createNodeFollower } from './follow-nodes.ts';
import { listed, nodesStatus, PENDING } from './testing/nodes-status.ts';

describe('a watch of the nodes', () => {
  function follow() {
    const lines: string[] = [];
    const follower = createNodeFollower({ line: (text = '') => void lines.push(text) });
    const seeNodes = (nodes: ReturnType<typeof nodesStatus>) =>
      follower.see({ name: 'coredns', status: { nodes } });
    const see = (...notProven: readonly ReturnType<typeof listed>[]) => seeNodes(nodesStatus([...notProven]));
    return { ...follower, see, seeNodes, lines };
  }
  const drifted = listed('node-3', 'Drifted', 'New pods are given 127.0.0.53 (class stub).');

  it('does not repeat what the status before it has shown', () => {
    const { see, fromNowOn, lines } = follow();
    see(drifted);
    fromNowOn();
    see(drifted);
    expect(lines).toEqual([]);
  });

  it('reports a node that goes wrong once, and again if it recovered in between', () => {
    const { see, fromNowOn, lines } = follow();
    fromNowOn();
    see(drifted);
    see(drifted);
    expect(lines).toEqual(['            node-3  Drifted: New pods are given 127.0.0.53 (class stub).']);
    see();
    see(drifted);
    expect(lines).toHaveLength(2);
  });

  it('reports a file that became wrong under a kubelet that is right', () => {
    const { fromNowOn, seeNodes, lines } = follow();
    fromNowOn();
    seeNodes({ ...nodesStatus([]), filesDiffer: [PENDING] });
    expect(lines).toEqual(['            node-4  PendingInFile: The file sets the stub.']);
  });

  it.each(['Repairing', 'AwaitingApproval'] as const)(
    'leaves %s to its incident, and reports another reason',
    (reason) => {
      const { see, fromNowOn, lines } = follow();
      fromNowOn();
      see({ ...drifted, reason });
      expect(lines).toEqual([]);
      see({ ...drifted, reason: 'RolledBack' });
      expect(lines).toHaveLength(1);
    },
  );
});
