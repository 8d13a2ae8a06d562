/** Jobs and pods of inspections, as the caches hold them. */
import { inspectionName } from '../../../src/controller/files/inspection-start.ts';
import type { AgentJob, AgentPod } from '../../../src/observe/agent-run.ts';

interface OfNode {
  readonly name: string;
  readonly uid: string;
}

export const anInspectionJob = ({ uid }: OfNode, createdAt: number): AgentJob => ({
  name: inspectionName(uid),
  uid: 'job-1',
  remediation: '',
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
