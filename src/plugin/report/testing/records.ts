/** One record for each way in which an incident can be or end. */
import { aLateLoop } from '../../../../test/support/objects/builders.ts';
import type { StoredRecord } from '../record.ts';
import { aRecord, real } from './a-record.ts';
import { ASKED_RECORDS } from './asked-records.ts';
import { DRIFT_RECORDS } from './drift-records.ts';

const { steps, repair, quarantine, guard } = real().status;
const held = { ...quarantine, heldSince: '2026-11-26T11:18:23.883Z' };
const begun = steps.slice(0, 1);
const repairing = [...begun, { name: 'Repair', startedAt: '2026-11-26T11:18:23.952Z' }];
const nothing = {
  proof: undefined,
  guard: undefined,
  verification: undefined,
  deletedPods: [],
  recurrence: [],
  finishedAt: undefined,
  took: undefined,
  reason: undefined,
  message: undefined,
};
const ended = { finishedAt: '2026-11-26T11:18:46.000Z', took: '24s' };

export const RECORDS: Readonly<Record<string, StoredRecord>> = {
  healed: aRecord(),
  refused: aRecord({
    status: {
      ...nothing,
      ...ended,
      steps: begun,
      phase: 'Refused',
      reason: 'TargetLoops',
      message: 'The target /run/systemd/resolve/resolv.conf is of class loopback (127.0.0.1).',
      advice: 'Configure an upstream resolver: `resolvectl dns eth0 192.0.2.53`.',
      repair: {
        ...repair,
        outcome: 'refused',
        reason: 'TargetLoops',
        message: 'The target loops.',
        change: undefined,
        kubelet: undefined,
        times: {},
      },
    },
  }),
  'rolled back': aRecord({
    status: {
      ...nothing,
      ...ended,
      phase: 'RolledBack',
      reason: 'KubeletDidNotComeUp',
      message: 'The kubelet exited with code 1. The old configuration was restored.',
      repair: {
        ...repair,
        outcome: 'rolled-back',
        nodeUnchanged: true,
        kubelet: { ...repair?.kubelet, restarts: 2 },
      },
    },
  }),
  'undone by the guard': aRecord({
    status: {
      ...nothing,
      ...ended,
      phase: 'RolledBack',
      reason: 'KubeletDied',
      message: 'The kubelet died within ten seconds.',
      guard: { ...guard, outcome: 'rolled-back', message: 'The old configuration is back.' },
    },
  }),
  'failed and held': aRecord({
    status: {
      ...nothing,
      ...ended,
      phase: 'Failed',
      reason: 'NoReport',
      message: 'The agent may have changed the node, but it did not report.',
      advice: 'Check kubelet.service on the node.',
      steps: repairing,
      repair: undefined,
      quarantine: held,
      hold: 'Held',
    },
  }),
  cancelled: aRecord({
    status: {
      ...nothing,
      ...ended,
      phase: 'Cancelled',
      reason: 'PodRecovered',
      message: 'The pod recovered before the repair began.',
      steps: [],
      repair: undefined,
      quarantine: undefined,
      before: undefined,
    },
  }),
  'under repair': aRecord({
    status: { ...nothing, phase: 'Repairing', steps: begun, repair: undefined, quarantine: held },
  }),
  'waiting to begin': aRecord({
    status: {
      ...nothing,
      phase: 'Pending',
      reason: 'WaitsForTurn',
      message: 'Waiting: node-2 is being repaired first.',
      steps: [],
      repair: undefined,
      quarantine: undefined,
      before: undefined,
    },
  }),
  'waiting for the next attempt': aRecord({
    status: {
      ...nothing,
      phase: 'Pending',
      reason: 'AwaitingRetry',
      message: 'Attempt 1 ended: no nameserver answers.',
      nextAttempt: '2026-11-26T11:19:23.000Z',
      attempts: [
        {
          number: 1,
          startedAt: '2026-11-26T11:18:23.883Z',
          endedAt: '2026-11-26T11:18:43.000Z',
          reason: 'TargetSilent',
          message: 'No nameserver answers.',
        },
      ],
      steps: [],
      repair: undefined,
      quarantine: undefined,
    },
  }),
  'only the pod was stale': aRecord({
    status: {
      repair: {
        ...repair,
        outcome: 'refused',
        reason: 'CurrentIsUsable',
        change: undefined,
        kubelet: undefined,
        times: {},
      },
      guard: undefined,
    },
  }),
  'late loop': aRecord({
    spec: {
      trigger: 'LateLoop',
      sighting: undefined,
      lateLoop: aLateLoop({
        foundAt: '2026-11-26T11:18:16.000Z',
        check: { ...aLateLoop().check, checkedAt: '2026-11-26T11:18:21.000Z' },
      }),
    },
  }),
  ...DRIFT_RECORDS,
  ...ASKED_RECORDS,
  'of an older version': aRecord({
    spec: { trigger: undefined, evidence: undefined },
    status: {
      proof: {
        verb: 'prove',
        nonce: 'n',
        outcome: 'proven',
        reason: 'Proven',
        message: 'It works.',
        answers: [],
      },
      guard: undefined,
    },
  }),
  bare: aRecord({
    spec: { evidence: undefined },
    status: {
      ...nothing,
      phase: undefined,
      steps: [],
      conditions: undefined,
      before: undefined,
      repair: undefined,
      quarantine: undefined,
    },
  }),
};
