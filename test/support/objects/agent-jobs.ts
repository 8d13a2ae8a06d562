/** Jobs, pods and reports of inspections. */
import type { InspectReport } from '../../../src/api/agent-protocol.ts';
import { inspectionName } from '../../../src/controller/files/inspection-start.ts';
import type { AgentJob, AgentPod } from '../../../src/observe/agent-run.ts';
import { isoAt } from './builders.ts';

interface OfNode {
  readonly name: string;
  readonly uid: string;
}

export const anInspectionJob = ({ uid }: OfNode, createdAt: number): AgentJob => ({
  name: inspectionName(uid),
  uid: 'job-1',
  remediation: '',
  role: 'inspect',
  inspection: { nonce: 'nonce-1', node: uid },
  ownerUIDs: [],
  createdAt,
  deleting: false,
  failure: null,
});

/** One that has ended with this termination message. */
export const anInspectionPod = (
  { name, uid }: OfNode,
  { createdAt, message }: { readonly createdAt: number; readonly message: string | null },
): AgentPod => ({
  name: `${inspectionName(uid)}-x1y2z`,
  uid: 'pod-1',
  remediation: '',
  role: 'inspect',
  node: name,
  origin: null,
  inspection: { nonce: 'nonce-1', node: uid },
  batch: '',
  ownerUIDs: ['job-1'],
  createdAt,
  state: message === null ? 'running' : 'ended',
  deleting: false,
  blockedBy: null,
  message,
  guard: null,
});

/** Of a node whose file was written again after a repair, by someone with an editor. */
export function anInspectReport(overrides: Partial<InspectReport> = {}): InspectReport {
  return {
    verb: 'inspect',
    nonce: 'uid-of-node-1-incident',
    outcome: 'would-change',
    reason: 'WouldChange',
    message: 'A repair would change /etc/kubernetes/kubelet-config.yaml:4 and restart the kubelet once.',
    layout: 'kubespray',
    rewritten: {
      path: '/etc/kubernetes/kubelet-config.yaml',
      mtime: isoAt(-20),
      ctime: isoAt(-20),
      owner: '0:0',
      mode: '0600',
      sinceRepair: 'second',
      repairedAt: isoAt(-60),
      content: 'AsBefore',
      neighbours: [{ path: '/etc/kubernetes/.kubelet-config.yaml.swp', changedAt: isoAt(-20) }],
      more: 0,
    },
    times: {},
    ...overrides,
  };
}
