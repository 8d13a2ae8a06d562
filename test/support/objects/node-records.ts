/** Builders of what nodes say of their checks. By default: a node that was checked at `at(0)` and is well. */
import { CHECK_RECORD_VERSION, type NodeCheckRecord } from '../../../src/api/node-check-record.ts';
import type { NodeConditionReason } from '../../../src/api/node-condition.ts';
import type { WatchedNode } from '../../../src/observe/watched-node.ts';
import { isoAt } from './builders.ts';

interface RecordChanges extends Partial<Pick<NodeCheckRecord, 'check' | 'found' | 'failures'>> {
  readonly reason?: NodeConditionReason;
  readonly message?: string;
  /** When the condition took its status, in seconds. */
  readonly since?: number;
}

export const WELL = { verdict: 'proven', class: 'ok', nameservers: ['192.0.2.53'], at: isoAt(0) } as const;
export const WRONG = {
  verdict: 'drifted',
  class: 'stub',
  nameservers: ['127.0.0.53'],
  at: isoAt(0),
} as const;

export function aNodeRecord({
  reason = 'Proven',
  message = 'New pods are given 192.0.2.53 (class ok). DNS works with that.',
  since = 0,
  ...changes
}: RecordChanges = {}): NodeCheckRecord {
  const found = changes.found ?? { ...WELL, nameservers: [...WELL.nameservers] };
  return {
    version: CHECK_RECORD_VERSION,
    check: {
      startedAt: isoAt(0),
      endedAt: isoAt(1),
      why: 'FirstSeen',
      bootID: 'boot-1',
      kubeletVersion: 'v1.34.1',
      osImage: 'Debian GNU/Linux 13 (trixie)',
      outcome: found.verdict,
    },
    failures: 0,
    condition: { reason, message, since: isoAt(since), writtenAt: isoAt(since) },
    ...changes,
    found,
  };
}

/** A node whose kubelet gives new pods the stub, and that no policy repairs. */
export const aDriftedRecord = (changes: RecordChanges = {}): NodeCheckRecord =>
  aNodeRecord({
    reason: 'Drifted',
    message: 'New pods are given 127.0.0.53 (class stub).',
    found: { ...WRONG, nameservers: [...WRONG.nameservers] },
    ...changes,
  });

/** A node as it is watched, with this record. */
export function aWatchedNode(
  name: string,
  record: NodeCheckRecord | null = null,
  changes: Partial<WatchedNode> = {},
): WatchedNode {
  return {
    name,
    uid: `uid-of-${name}`,
    resourceVersion: '100',
    createdAt: 0,
    deleting: false,
    labels: {},
    controlPlane: false,
    isLinux: true,
    checks: record && JSON.stringify(record),
    mark: null,
    ...changes,
  };
}
