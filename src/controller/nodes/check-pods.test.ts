import { beforeEach, describe, expect, it } from 'vitest';
import type { AgentPod } from '../../observe/agent-run.ts';
import type { Change, Listener } from '../../runtime/reflector/store.ts';
import { type CheckPods, createCheckPods } from './check-pods.ts';

const pod = (uid: string, changes: Partial<AgentPod> = {}): AgentPod => ({
  name: 'node-check',
  uid,
  remediation: '',
  role: 'check',
  node: 'node-1',
  batch: 'batch-1',
  inspection: null,
  ownerUIDs: [],
  origin: {
    nonce: 'nonce-1',
    why: 'Interval',
    node: 'uid-of-node-1',
    bootID: 'boot-1',
    kubeletVersion: 'v1.34.4',
    osImage: '',
  },
  createdAt: 0,
  deleting: false,
  state: 'starting',
  blockedBy: null,
  message: null,
  guard: null,
  ...changes,
});

let now: number;
let happen: (kind: Change<AgentPod>['kind'], object: AgentPod) => void;
let checks: CheckPods;
beforeEach(() => {
  const listeners: Listener<AgentPod>[] = [];
  now = 1_000;
  checks = createCheckPods(
    {
      onChange: (listener) => {
        listeners.push(listener);
        return () => {};
      },
    },
    () => now,
  );
  happen = (kind, object) => {
    for (const listener of listeners) listener({ kind, key: 'dnshealth-check/x', object, old: object });
  };
});

describe('the pod of a node check', () => {
  it('is known since it was first seen by the clock of the operator, whatever the API server says', () => {
    happen('added', pod('a', { createdAt: 999_999 }));
    now = 5_000;
    happen('modified', pod('a', { state: 'running' }));
    expect(checks.of('uid-of-node-1')).toMatchObject({ seenAt: 1_000, state: 'running', isGone: false });
  });

  it('stays known when it is deleted, with what it had left, until it is forgotten', () => {
    happen('added', pod('a'));
    happen('deleted', pod('a', { state: 'ended', message: 'its report' }));
    expect(checks.of('uid-of-node-1')).toMatchObject({ isGone: true, message: 'its report' });
    checks.forget('uid-of-node-1');
    expect(checks.list()).toEqual([]);
  });

  it('replaces an earlier one of the node, whose end is seen later', () => {
    happen('added', pod('a'));
    now = 5_000;
    happen('added', pod('b'));
    happen('deleted', pod('a'));
    expect(checks.list()).toMatchObject([{ uid: 'b', seenAt: 5_000, isGone: false }]);
  });

  it('is none of these if it belongs to an incident', () => {
    happen('added', pod('a', { origin: null }));
    expect(checks.list()).toEqual([]);
  });
});
