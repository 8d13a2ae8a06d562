/** Records of nodes that were found wrong before a pod failed: how such incidents are and end. */
import { anInspectReport } from '../../../../test/support/objects/agent-jobs.ts';
import { aDrift, aPendingFile } from '../../../../test/support/objects/builders.ts';
import type { StoredRecord } from '../record.ts';
import { aRecord, real } from './a-record.ts';

const { steps, repair } = real().status;
const FOUND = '2026-11-26T11:18:21.000Z';
const check = {
  resolvConf: { path: '/etc/resolv.conf', class: 'stub', nameservers: ['127.0.0.53'] },
  message: 'A new pod on node node-1 is given 127.0.0.53 (class stub), which leads back to CoreDNS itself.',
  checkedAt: FOUND,
} as const;
const found = (changes: Parameters<typeof aDrift>[0] = {}) => ({
  trigger: 'Drift',
  sighting: undefined,
  drift: aDrift({
    check: { ...check, resolvConf: { ...check.resolvConf, nameservers: [...check.resolvConf.nameservers] } },
    foundAt: FOUND,
    ...changes,
  }),
  evidence: { ...real().spec.evidence, log: [], examination: undefined },
});
const unchanged = {
  repair: undefined,
  quarantine: undefined,
  guard: undefined,
  proof: undefined,
  verification: undefined,
  before: undefined,
  deletedPods: [],
  recurrence: [],
  steps: [],
};

export const DRIFT_RECORDS: Readonly<Record<string, StoredRecord>> = {
  drift: aRecord({
    spec: found(),
    status: {
      reason: 'Proven',
      message: 'A new pod on the node is given a resolv.conf with which DNS works.',
      steps: steps.filter(({ name }) => name !== 'Recreate' && name !== 'Verify'),
      verification: undefined,
      before: undefined,
      deletedPods: [],
    },
  }),
  'drift beside a DNS pod that serves': aRecord({
    spec: found(),
    status: {
      reason: 'Verified',
      message: 'The DNS pod on the node answers over UDP and TCP.',
      steps: steps.filter(({ name }) => name !== 'Recreate'),
      deletedPods: [],
      otherPods: {
        total: 2,
        pods: [
          { namespace: 'shop', name: 'mailer-5d4c8-x2x7k', owner: 'ReplicaSet/mailer-5d4c8' },
          { namespace: 'monitoring', name: 'node-probe-k4d2v', owner: 'DaemonSet/node-probe' },
        ],
        message:
          '2 other pods on node node-1 with dnsPolicy Default were started before the repair and keep the resolv.conf of that time until they are recreated. The operator leaves them alone: delete them when that suits you, or restart their workloads with kubectl rollout restart.',
      },
    },
  }),
  'drift that keeps coming back': aRecord({
    spec: found(),
    status: {
      ...unchanged,
      steps: [
        {
          name: 'Inspect',
          startedAt: '2026-11-26T11:18:21.500Z',
          finishedAt: '2026-11-26T11:18:25.000Z',
          message:
            'A repair would change /etc/kubernetes/kubelet-config.yaml:34 and restart the kubelet once.',
        },
      ],
      inspection: anInspectReport({
        message: 'A repair would change /etc/kubernetes/kubelet-config.yaml:34 and restart the kubelet once.',
        effective: { source: '/etc/kubernetes/kubelet-config.yaml:34', value: '/etc/resolv.conf' },
        ...(repair?.current && { current: repair.current }),
        ...(repair?.target && { target: repair.target }),
      }),
      phase: 'Refused',
      reason: 'RepairedTooOften',
      message:
        'The kubelet of node node-1 was repaired 2 times within the last 24 hours (node-1-a, node-1-b), and it is wrong again. Something on the node writes the wrong value each time.',
      advice: 'Correct what writes it. Then acknowledge this record, and the node is repaired once more.',
      rewrittenBy: [
        {
          explanation: 'KubesprayRun',
          confidence: 'high',
          evidence: ['/etc/kubernetes/kubelet.env was changed within a minute of it.'],
          change: ['ansible-playbook cluster.yml --tags facts,kubelet'],
        },
        {
          explanation: 'Unknown',
          confidence: 'low',
          evidence: ['/etc/kubernetes/kubelet-config.yaml was changed at 2026-11-26T11:17:50.000Z.'],
          change: ['journalctl --since "2026-11-26T11:15:50.000Z" --until "2026-11-26T11:19:50.000Z"'],
        },
      ],
      finishedAt: '2026-11-26T11:18:26.000Z',
      took: '5s',
    },
  }),
  'file corrected': aRecord({
    spec: {
      ...found(),
      drift: aPendingFile({
        file: {
          path: '/etc/kubernetes/kubelet-config.yaml',
          line: 34,
          value: '/etc/resolv.conf',
          message:
            '/etc/kubernetes/kubelet-config.yaml:34 sets resolvConf to /etc/resolv.conf, with which CoreDNS forwards queries to itself. The running kubelet does not use it yet: it takes effect when the kubelet is next started.',
        },
        foundAt: FOUND,
      }),
    },
    status: {
      ...unchanged,
      phase: 'Healed',
      reason: 'FileCorrected',
      message:
        'The value of resolvConf in /etc/kubernetes/kubelet-config.yaml:34 was changed. The kubelet was not restarted, because it runs with the right value.',
      steps: steps
        .filter(({ name }) => name === 'Repair')
        .map((step) => ({ ...step, message: 'The file was corrected.' })),
      repair: {
        ...repair,
        outcome: 'corrected',
        reason: 'FileCorrected',
        message:
          'The value of resolvConf in /etc/kubernetes/kubelet-config.yaml:34 was changed. The kubelet was not restarted, because it runs with the right value.',
        kubelet: { pidBefore: 87, pidAfter: 87, restarts: 0, active: true },
        compared: {
          running: 'right',
          inFile: 'right',
          given: { path: '/etc/resolv.conf', class: 'ok', nameservers: ['10.214.0.1'] },
          changed: ['/etc/kubernetes/kubelet-config.yaml'],
        },
        times: { ...repair?.times, restarted: undefined },
      },
      recurrence: real().status.recurrence,
      finishedAt: '2026-11-26T11:18:29.000Z',
      took: '8s',
    },
  }),
};
