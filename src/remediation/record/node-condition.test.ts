import { describe, expect, it } from 'vitest';
import { aPendingFile, aRemediation, isoAt, withDrift } from '../../../test/support/objects/builders.ts';
import type { FilesVerdict, NodeCheckRecord } from '../../api/node-check-record.ts';
import { conditionOf, type KnownOfNode } from './node-condition.ts';

type Found = NonNullable<NodeCheckRecord['found']>;
const GOOD: Found = { verdict: 'proven', class: 'ok', nameservers: ['192.0.2.53'], at: isoAt(0) };
const STUB: Found = { verdict: 'drifted', class: 'stub', nameservers: ['127.0.0.53'], at: isoAt(0) };

const known = (changes: Partial<KnownOfNode> = {}): KnownOfNode => ({
  failures: 0,
  incidents: [],
  notRepaired: null,
  outdated: null,
  ...changes,
});
const ended = (
  phase: 'Healed' | 'Refused' | 'Failed' | 'RolledBack' | 'Cancelled',
  second: number,
  name = 'incident',
) => aRemediation({ name, status: { phase, message: 'The target is missing.', finishedAt: isoAt(second) } });

describe('the condition of a node', () => {
  it('says nothing while nothing is known', () => {
    expect(conditionOf(known())).toBeNull();
    expect(conditionOf(known({ failures: 2 }))).toBeNull();
  });

  it('says that the node is proven, with the class and the servers', () => {
    expect(conditionOf(known({ found: GOOD }))).toEqual({
      reason: 'Proven',
      message: 'New pods are given 192.0.2.53 (class ok). DNS works with that.',
    });
  });

  it('stays proven while a file is corrected that the running kubelet has not read, and names that file until then', () => {
    const message = 'In /etc/kubernetes/kubelet-config.yaml:4 resolvConf is wrong.';
    const files = { at: isoAt(1), nonce: 'n', verdict: 'wrong-in-file', message } as const;
    const said = {
      reason: 'Proven',
      message: `New pods are given 192.0.2.53 (class ok). DNS works with that. ${message}`,
    };
    for (const phase of ['Pending', 'Repairing', 'Failed', 'Refused'] as const) {
      const one = aRemediation({ status: { phase, finishedAt: isoAt(9) } });
      const incidents = [withDrift(one, aPendingFile())];
      expect(conditionOf(known({ found: GOOD, provenAt: isoAt(0), files, incidents }))).toEqual(said);
    }
  });

  it.each([null, 'The policy coredns only observes.'])(
    'says of a node that is wrong that its file was corrected and is not yet in effect (not repaired: %s)',
    (notRepaired) => {
      const files = (verdict: FilesVerdict) => ({
        at: isoAt(1),
        nonce: 'n',
        verdict,
        message: 'Restart it.',
      });
      const said = (verdict: FilesVerdict) =>
        conditionOf(known({ found: STUB, files: files(verdict), notRepaired }))?.message;
      expect(said('right-in-file')).toContain('forwards queries to itself. Restart it. ');
      // Of a kubelet that was right then.
      expect(said('wrong-in-file')).not.toContain('Restart it.');
    },
  );

  it('says that the node is repaired as long as an incident is open', () => {
    const incidents = [aRemediation({ status: { phase: 'Proving' } })];
    expect(conditionOf(known({ incidents }))).toEqual({
      reason: 'Repairing',
      message: 'DNSRemediation node-1-incident repairs this node.',
    });
    expect(conditionOf(known({ incidents, found: STUB }))?.reason).toBe('Repairing');
  });

  it('says that an incident waits, and not for what', () => {
    const waiting = (reason: string) =>
      conditionOf(known({ incidents: [aRemediation({ status: { phase: 'Pending', reason } })] }));
    expect(waiting('NoSlot')).toEqual({
      reason: 'Repairing',
      message: 'DNSRemediation node-1-incident waits for its turn to repair this node.',
    });
    expect(waiting('ControlPlaneUnderRepair')).toEqual(waiting('NoSlot'));
  });

  it('says that a plan waits for an approval, and how it is answered', () => {
    const incidents = [aRemediation({ status: { phase: 'AwaitingApproval' } })];
    expect(conditionOf(known({ incidents, found: STUB }))).toEqual({
      reason: 'AwaitingApproval',
      message: expect.stringMatching(
        /^DNSRemediation node-1-incident waits for an approval .*`kubectl dnshealth approve node-1-incident`.* New pods are given 127\.0\.0\.53/,
      ),
    });
  });

  it.each(['Planning', 'Quarantining'] as const)('says Repairing while a repair is %s', (phase) => {
    expect(conditionOf(known({ incidents: [aRemediation({ status: { phase } })] }))?.reason).toBe(
      'Repairing',
    );
  });

  it('says that a repair has not begun where a drift was found and the policy repairs', () => {
    expect(conditionOf(known({ found: STUB }))).toEqual({
      reason: 'Repairing',
      message:
        'New pods are given 127.0.0.53 (class stub). A CoreDNS pod that is created here forwards queries to itself. Its repair has not begun yet.',
    });
  });

  it('says that the node has drifted where nobody repairs it, and why', () => {
    const condition = conditionOf(known({ found: STUB, notRepaired: 'The policy coredns only observes.' }));
    expect(condition?.reason).toBe('Drifted');
    expect(condition?.message).toMatch(/The policy coredns only observes\.$/);
  });

  it.each([
    ['Refused', 'RepairRefused', 'was refused'],
    ['Failed', 'RepairFailed', 'failed'],
    ['RolledBack', 'RolledBack', 'was rolled back'],
  ] as const)('after a repair that ended as %s is %s', (phase, reason, how) => {
    const incidents = [ended('Healed', -100, 'older'), ended(phase, 5)];
    expect(conditionOf(known({ incidents, found: STUB }))).toEqual({
      reason,
      message: `The repair of this node ${how}: The target is missing. See \`kubectl describe dnsrem incident\`. New pods are given 127.0.0.53 (class stub).`,
    });
  });

  it.each([
    ['it was acknowledged', [{ ...ended('Refused', 5), acknowledged: true }], STUB, 'Repairing'],
    ['the node was found well since', [ended('Failed', -5)], GOOD, 'Proven'],
    ['a later one healed the node', [ended('Failed', -5), ended('Healed', -1)], GOOD, 'Proven'],
    ['a later one was cancelled', [ended('Cancelled', 9), ended('Healed', -1)], GOOD, 'Proven'],
    ['the node was found well since it was rolled back', [ended('RolledBack', -5)], GOOD, 'Proven'],
    ['the node was found well since and has drifted again', [ended('Failed', -5)], STUB, 'Repairing'],
  ] as const)(
    'does not mention a repair that went wrong any more once %s',
    (_name, incidents, found, reason) => {
      expect(conditionOf(known({ incidents, found, provenAt: isoAt(0) }))?.reason).toBe(reason);
    },
  );

  it('returns to a rollback when the node drifts again, because nothing is repaired until it is acknowledged', () => {
    const incidents = [ended('RolledBack', -5)];
    expect(conditionOf(known({ incidents, found: STUB, provenAt: isoAt(-1) }))?.reason).toBe('RolledBack');
  });

  it('keeps saying what was proven while a check or two fail, and not after three', () => {
    const check = { outcome: 'failed', problem: 'The image cannot be pulled.' } as const;
    expect(conditionOf(known({ found: GOOD, failures: 2, check }))?.reason).toBe('Proven');
    expect(conditionOf(known({ found: GOOD, failures: 3, check }))).toEqual({
      reason: 'CheckFailed',
      message:
        'The last 3 checks of this node failed: The image cannot be pulled. Before, new pods were given 192.0.2.53 (class ok).',
    });
  });

  it('does not return to a repair that went wrong because a check of the restarted kubelet fails', () => {
    const check = { outcome: 'failed', problem: 'The image cannot be pulled.' } as const;
    const incidents = [ended('Refused', -5)];
    const condition = conditionOf(known({ incidents, provenAt: isoAt(0), failures: 3, check }));
    expect(condition?.reason).toBe('CheckFailed');
  });

  it('has a message of at most 1024 characters, whatever a repair said of itself', () => {
    const refused = ended('Refused', 5);
    const incidents = [{ ...refused, status: { ...refused.status, message: 'x'.repeat(5000) } }];
    const message = conditionOf(known({ incidents }))?.message ?? '';
    expect(message).toHaveLength(1024);
    expect(message).toMatch(/x…$/);
  });

  it('says that the node is not checked where something happened to it since', () => {
    expect(conditionOf(known({ found: GOOD, outdated: 'The node was rebooted.' }))).toEqual({
      reason: 'NotChecked',
      message: 'The node was rebooted. Before, new pods were given 192.0.2.53 (class ok).',
    });
  });
});
