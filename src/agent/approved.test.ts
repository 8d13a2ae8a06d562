/** A repair that a person has approved does that and nothing else. */
import { rmSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Approved, InspectReport } from '../api/agent-protocol.ts';
import { BAD, FakeNode, GOOD, KUBESPRAY, UPLINK } from './testing/fake-node.ts';

let node: FakeNode;
beforeEach(() => {
  node = new FakeNode();
});
afterEach(() => rmSync(node.root, { recursive: true }));

const approvedIn = ({ change, effective, target }: InspectReport): Approved => ({
  changes: 'File',
  file: change?.path ?? '',
  line: change?.line ?? 0,
  setting: effective?.source ?? '',
  target: target?.path ?? '',
  sha256Before: change?.sha256Before ?? '',
  sha256After: change?.sha256After ?? '',
});

describe('a repair that was approved', () => {
  it('is made where the inspection showed the same: it writes the bytes that were announced', async () => {
    const plan = await node.inspect();
    const report = await node.repair({ approved: approvedIn(plan) });
    expect(report).toMatchObject({ outcome: 'repaired', change: plan.change });
  });

  it.each<[string, (node: FakeNode) => void]>([
    ['a comment was added to the file', (n) => n.write(KUBESPRAY, `${BAD}# by hand\n`, 0o600)],
    ['the line moved', (n) => n.write(KUBESPRAY, `# by hand\n${BAD}`, 0o600)],
    ['the value was corrected by hand, and the kubelet restarted', (n) => n.write(KUBESPRAY, GOOD, 0o600)],
  ])('is refused where %s in the meantime, and writes nothing', async (_what, edit) => {
    const plan = await node.inspect();
    edit(node);
    await node.startKubelet();
    const before = node.read();
    const report = await node.repair({ approved: approvedIn(plan) });
    expect(report).toMatchObject({ outcome: 'refused', reason: 'PlanChanged', nodeUnchanged: true });
    expect(report.message).toMatch(/approved plan/);
    expect([node.read(), node.restarts]).toEqual([before, 0]);
  });

  it.each(['file', 'setting', 'target', 'sha256After'] as const)(
    'is refused where another %s was approved',
    async (field) => {
      const approved = { ...approvedIn(await node.inspect()), [field]: 'f'.repeat(64) };
      expect(await node.repair({ approved })).toMatchObject({ outcome: 'refused', reason: 'PlanChanged' });
    },
  );

  it('is refused where nothing was to be changed, and now something would be', async () => {
    const approved: Approved = { changes: 'Nothing' };
    expect(await node.repair({ approved })).toMatchObject({ outcome: 'refused', reason: 'PlanChanged' });
    expect(node.restarts).toBe(0);
  });

  it('changes nothing where nothing was approved and the kubelet is right', async () => {
    node.write(KUBESPRAY, GOOD, 0o600);
    await node.startKubelet();
    const approved: Approved = { changes: 'Nothing' };
    expect(await node.repair({ approved })).toMatchObject({ outcome: 'already-right' });
  });

  it('says why it is refused for another reason, so that nobody approves in vain', async () => {
    const approved = approvedIn(await node.inspect());
    node.write(UPLINK, 'nameserver 127.0.0.53\n');
    expect(await node.repair({ approved })).toMatchObject({ outcome: 'refused', reason: 'TargetLoops' });
  });
});
