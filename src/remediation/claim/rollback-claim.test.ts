import { describe, expect, it } from 'vitest';
import {
  aPendingFile,
  aRemediation,
  isoAt,
  withDrift,
  withRollback,
} from '../../../test/support/objects/builders.ts';
import { remediationSpecFields } from '../../api/remediation.ts';
import type { Remediation } from '../world.ts';
import { decideRollback } from './rollback-claim.ts';

const original = aRemediation({
  uid: 'original',
  settings: { pause: [{ reason: 'later', by: 'bob' }] },
  status: { phase: 'Healed', finishedAt: isoAt(9), repairDirectory: '/etc/default' },
});
const asked = { reason: 'we own this file', by: 'anna' };
const decide = (all: readonly Remediation[] = [original], from = original, request = asked) =>
  decideRollback(from, request, all, { digest: (text) => `${text.length}aaaaaaaa`, now: isoAt(20) });

describe('a request for a rollback', () => {
  it('becomes a record that says of what, by whom and why, with what the repair knew of the node', () => {
    expect(decide()).toMatchObject({
      kind: 'claim',
      spec: {
        policy: original.spec.policy,
        node: original.spec.node,
        trigger: 'Rollback',
        rollback: {
          of: { name: original.name, uid: 'original' },
          fileAlone: false,
          directory: '/etc/default',
          ...asked,
          at: isoAt(20),
        },
        settings: { pause: [] },
      },
    });
  });

  it('is of the file alone if the repair was', () => {
    const file = { ...withDrift(original, aPendingFile()), status: original.status };
    expect(decide([file], file)).toMatchObject({ spec: { rollback: { fileAlone: true } } });
  });

  it('has a name that fits a label, and that is the same for the same question', () => {
    const long = { ...original, name: 'n'.repeat(80) };
    const first = decide([long], long);
    expect(first).toEqual(decide([long], long));
    expect(first.kind === 'claim' ? first.name.length : 0).toBeLessThanOrEqual(63);
    expect(decide([original], original, { ...asked, reason: 'for another reason' })).not.toMatchObject({
      name: (decide() as { name: string }).name,
    });
  });

  it('is answered once, however often it is asked, and even after its record was deleted', () => {
    const claim = decide();
    const name = claim.kind === 'claim' ? claim.name : '';
    const done = withRollback(aRemediation({ name, status: { phase: 'Refused' } }), {
      of: { name: original.name, uid: original.uid },
    });
    // The operator was killed before it could write the name down.
    expect(decide([original, done])).toEqual({ kind: 'made', name });
    const named = { ...original, status: { ...original.status, rollbacks: [name] } };
    expect(decide([named], named)).toEqual({ kind: 'answered' });
  });

  it('waits for another one that is under way, and is asked again when that was refused', () => {
    const open = withRollback(aRemediation({ name: 'other', status: { phase: 'RollingBack' } }), {
      of: { name: original.name, uid: original.uid },
    });
    expect(decide([original, open])).toEqual({ kind: 'not-yet' });
    const refused = { ...open, status: { ...open.status, phase: 'Refused' as const } };
    expect(decide([original, refused])).toMatchObject({ kind: 'claim' });
  });

  it('waits for the end of the repair', () => {
    const open = { ...original, status: { ...original.status, phase: 'Verifying' as const } };
    expect(decide([open], open)).toEqual({ kind: 'not-yet' });
  });

  it('is a valid spec even without a user, and with a page for a reason', () => {
    const claim = decide([original], original, { by: '', reason: 'x'.repeat(5_000) });
    expect(remediationSpecFields.safeParse(claim.kind === 'claim' && claim.spec).success).toBe(true);
  });
});
