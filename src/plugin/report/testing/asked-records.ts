/** Records in which a person has a part: plans and their answers, and rollbacks. */
import { aPlan } from '../../../../test/support/objects/plans.ts';
import type { StoredRecord } from '../record.ts';
import { aRecord, real } from './a-record.ts';

const AT = '2026-11-26T11:18:21.000Z';
const plan = aPlan({ madeAt: '2026-11-26T11:18:24.000Z', expiresAt: '2026-11-27T11:18:24.000Z' });
const { steps, repair } = real().status;
const nothing = {
  repair: undefined,
  quarantine: undefined,
  guard: undefined,
  proof: undefined,
  verification: undefined,
  before: undefined,
  deletedPods: [],
  recurrence: [],
  steps: [],
  finishedAt: undefined,
  took: undefined,
};
const ended = { finishedAt: '2026-11-26T11:18:46.000Z', took: '24s' };
const asked = { sighting: undefined, evidence: undefined };
const approval = { hash: plan.hash, by: 'anna@example.com', at: '2026-11-26T11:18:30.000Z' };

export const ASKED_RECORDS: Readonly<Record<string, StoredRecord>> = {
  'planned on demand': aRecord({
    spec: { ...asked, trigger: 'Request', request: { by: 'anna@example.com', at: AT } },
    status: {
      ...nothing,
      ...ended,
      phase: 'Planned',
      reason: 'Planned',
      message: 'The plan is made.',
      plan: { ...plan, expiresAt: undefined },
    },
  }),
  'waiting for an approval': aRecord({
    status: {
      ...nothing,
      phase: 'AwaitingApproval',
      reason: 'AwaitingApproval',
      message: 'The plan waits for an approval.',
      plan,
    },
  }),
  rejected: aRecord({
    metadata: { annotations: { 'dnshealth.io/rejected-by': 'bob' } },
    status: {
      ...nothing,
      ...ended,
      phase: 'Refused',
      reason: 'Rejected',
      message: 'bob rejected the plan: node is replaced tomorrow.',
      plan,
    },
  }),
  expired: aRecord({
    status: {
      ...nothing,
      ...ended,
      phase: 'Expired',
      reason: 'Expired',
      message: 'It was not answered.',
      plan,
    },
  }),
  'approved, and taken back later': aRecord({
    status: {
      plan,
      approval,
      interference: [
        { at: '2026-11-26T11:18:27.000Z', what: 'Cordoned', message: 'Someone cordoned node-1.' },
      ],
      rolledBackBy: 'node-1-back',
    },
  }),
  'a rollback': aRecord({
    spec: {
      ...asked,
      trigger: 'Rollback',
      rollback: {
        of: { name: 'node-1-dd60e7b3', uid: 'u' },
        fileAlone: false,
        by: 'anna@example.com',
        reason: 'the old resolver is wanted on node-1',
        at: AT,
      },
    },
    status: {
      ...nothing,
      ...ended,
      steps: steps.slice(0, 1),
      phase: 'RolledBack',
      reason: 'RolledBackOnRequest',
      message: 'The file has its old content again.',
      repair: { ...repair, outcome: 'rolled-back', message: 'The old content is back.' },
    },
  }),
};
