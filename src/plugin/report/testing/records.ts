/** Records for the tests of the page: one of a real incident on the rig, and what other incidents would have left. */
import { readFileSync } from 'node:fs';
import { aDrift, aLateLoop } from '../../../../test/support/objects/builders.ts';
import type { RemediationStatus } from '../../../api/remediation.ts';
import { parseRecord, type StoredRecord } from '../record.ts';

/** As kubectl printed it. */
export const REAL_FILE = new URL('./healed.json', import.meta.url);
const real = (): RawRecord => JSON.parse(readFileSync(REAL_FILE, 'utf8')) as RawRecord;

export interface RawRecord {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly spec: Readonly<Record<string, unknown>> & {
    readonly evidence?: Readonly<Record<string, unknown>>;
  };
  readonly status: RemediationStatus;
}

/** The real record with other parts. */
export function aRawRecord({
  spec = {},
  status = {},
  metadata = {},
}: {
  readonly spec?: object;
  readonly status?: object;
  readonly metadata?: object;
} = {}): RawRecord {
  const raw = real();
  return {
    ...raw,
    metadata: { ...raw.metadata, ...metadata },
    spec: { ...raw.spec, ...spec },
    status: { ...raw.status, ...status },
  };
}

export const aRecord = (parts: Parameters<typeof aRawRecord>[0] = {}): StoredRecord =>
  parseRecord(JSON.parse(JSON.stringify(aRawRecord(parts))), 'the record');

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

/** One record for each way in which an incident can be or end. */
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
  drift: aRecord({
    spec: {
      trigger: 'Drift',
      sighting: undefined,
      drift: aDrift({
        foundAt: '2026-11-26T11:18:21.000Z',
        check: {
          resolvConf: { path: '/etc/resolv.conf', class: 'stub', nameservers: ['127.0.0.53'] },
          message: 'A new pod on node node-1 is given 127.0.0.53, which leads back to CoreDNS itself.',
          checkedAt: '2026-11-26T11:18:21.000Z',
        },
      }),
      evidence: { ...real().spec.evidence, log: [], examination: undefined },
    },
    status: {
      reason: 'Proven',
      message: 'A new pod on the node is given a resolv.conf with which DNS works.',
      steps: steps.filter(({ name }) => name !== 'Recreate' && name !== 'Verify'),
      verification: undefined,
      before: undefined,
      deletedPods: [],
    },
  }),
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

/** What clients and other writers may put into names, logs and messages. */
export const HOSTILE: readonly string[] = [
  '<script>document.title = "run"</script>',
  '</pre></code><img src=x onerror="document.title=1">',
  '"><svg onload=document.title=1>',
  "' style='background:url(https://example.com/x)' x='",
  '<!--',
  '-->',
  '<![CDATA[',
  '&lt;b&gt; &#x3c; &',
  '<a href="javascript:document.title=1">x</a>',
  '<meta http-equiv="refresh" content="0;url=https://example.com">',
  '<link rel=stylesheet href=https://example.com/a.css><base href=//example.com>',
  '\u202Egnp.exe\u202C \u2066x\u2069 \u200B\uFEFF\u00AD \u0000\u0007\u001B[31m',
  '`code` ``two`` ```three```',
  '~~~',
  '| a | b |',
  String.raw`\| \\| \``,
  '@everyone @org/team #123 GH-1 org/repo#5 https://example.com www.example.com a@example.com 0123456789abcdef',
  '![x](https://example.com/x.png) [l](javascript:1) <https://example.com>',
  '# h',
  '- l',
  '1. l',
  '> q',
  '---',
  '===',
  '    code',
  '[x]: https://example.com',
  '***b*** __i__ ~~s~~',
  '\u{1F600} \uD800 e\u0301 \u{E0041}',
];
