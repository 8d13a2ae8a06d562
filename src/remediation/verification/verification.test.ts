import { describe, expect, it } from 'vitest';
import {
  aDnsPod,
  aLoopingPod,
  aProofReport,
  aRemediation,
  aRepairReport,
  aSituation,
  at,
  isoAt,
} from '../../../test/support/objects/builders.ts';
import type { Answer } from '../../api/answer.ts';
import type { RemediationStatus } from '../../api/remediation.ts';
import type { DnsPodView } from '../world.ts';
import { healed } from './verification.ts';

const answer: Answer = {
  protocol: 'udp',
  name: 'x.invalid',
  scope: 'External',
  result: 'NXDOMAIN',
  ok: true,
  ms: 1,
};
const passed = (
  pod: DnsPodView,
  answers: readonly Answer[] = [answer],
): RemediationStatus['verification'] => ({
  pod: pod.name,
  podUID: pod.uid,
  podIP: '10.244.1.9',
  node: pod.node,
  containerID: 'containerd://new',
  restartCount: 0,
  firstSuccess: isoAt(10),
  lastAttempt: isoAt(14),
  answers: [...answers],
});

function message(pod: DnsPodView, status: Partial<RemediationStatus>): string {
  const remediation = aRemediation({
    status: { repair: aRepairReport(), proof: aProofReport(), ...status },
  });
  return healed(aSituation({ remediation, now: at(20), world: { dnsPods: [pod] } }));
}
const fresh = aDnsPod({
  name: 'coredns-new',
  uid: 'new',
  node: 'node-1',
  createdAt: at(9),
  startedAt: at(9),
});
const deletedPods = [{ name: 'coredns-sick', uid: 'pod-sick' }];

describe('a healed node rests on', () => {
  it('the pod that was created after the repair', () => {
    expect(message(fresh, { deletedPods, verification: passed(fresh) })).toBe(
      'A DNS pod that was created after the repair answers over UDP and TCP.',
    );
  });

  it('a pod that recovered by itself, and the proof pod', () => {
    const recovered = aLoopingPod({ ready: true, runningSince: at(-60) });
    expect(message(recovered, { verification: passed(recovered) })).toBe(
      'Pod coredns-sick on node-1 answers over UDP and TCP; no DNS pod had to be recreated.',
    );
  });

  it('the proof pod alone if the new pod loops on another node', () => {
    const elsewhere = { ...fresh, node: 'node-2' };
    expect(message(elsewhere, { deletedPods })).toBe(
      'A proof pod resolves names on this node. The new DNS pod coredns-new runs on node-2, which has an incident of its own.',
    );
  });

  it('the name of the cluster alone if the external name was not answered before either, and it says so', () => {
    const silent: Answer = { ...answer, result: 'SERVFAIL', ok: false };
    const before = { pod: 'coredns-well', node: 'node-2', askedAt: isoAt(3), answers: [silent] };
    expect(message(fresh, { deletedPods, before, verification: passed(fresh, [silent]) })).toBe(
      'A DNS pod that was created after the repair answers over UDP and TCP. It does not answer the external name x.invalid (SERVFAIL), as pod coredns-well on node-2 did not before the repair.',
    );
  });
});
