import { describe, expect, it } from 'vitest';
import { ZodError } from 'zod';
import { at } from '../../test/support/objects/builders.ts';
import { stampAt } from '../../test/support/objects/raw-objects.ts';
import { parseAgentJob, parseAgentPod, runOfJob } from './agent-run.ts';

const labels = { 'dnshealth.io/remediation': 'node-1-abc', 'dnshealth.io/role': 'repair' };

const aJob = (status: unknown = {}, metadata: object = {}) => ({
  metadata: {
    name: 'node-1-abc',
    uid: 'job-1',
    creationTimestamp: stampAt(2),
    labels,
    ownerReferences: [{ kind: 'DNSRemediation', name: 'node-1-abc', uid: 'incident-1' }],
    ...metadata,
  },
  status,
});

const aPod = (status: unknown = {}, metadata: object = {}) => ({
  metadata: {
    name: 'node-1-abc-x7',
    uid: 'pod-1',
    creationTimestamp: stampAt(2),
    labels,
    ownerReferences: [{ kind: 'Job', name: 'node-1-abc', uid: 'job-1' }],
    ...metadata,
  },
  status,
});
const withState = (state: object, phase = 'Pending') =>
  parseAgentPod(
    aPod({ phase, containerStatuses: [{ name: 'agent', containerID: 'containerd://a', state }] }),
  );
const withGuard = (state: object, guard: object | undefined) =>
  parseAgentPod(
    aPod({
      phase: 'Running',
      // The kubelet sorts them by name; nothing here may depend on that.
      containerStatuses: [
        ...(guard ? [{ name: 'guard', containerID: 'containerd://g', state: guard }] : []),
        { name: 'agent', containerID: 'containerd://a', state },
      ],
    }),
  );

describe('the pod of a run', () => {
  it('has its remediation, role and owner', () => {
    expect(parseAgentPod(aPod())).toMatchObject({
      remediation: 'node-1-abc',
      role: 'repair',
      ownerUIDs: ['job-1'],
      createdAt: at(2),
      deleting: false,
    });
  });

  it('is starting, and not blocked, before the kubelet has reported anything', () => {
    for (const status of [undefined, null, {}, { phase: 'Pending' }])
      expect(parseAgentPod(aPod(status))).toMatchObject({
        state: 'starting',
        blockedBy: null,
        message: null,
      });
  });

  it('is not blocked while its container is being created', () => {
    expect(withState({ waiting: { reason: 'ContainerCreating' } })).toMatchObject({ blockedBy: null });
  });

  it('is blocked by what the kubelet reports', () => {
    const waiting = { reason: 'ErrImageNeverPull', message: 'Container image "x" is not present' };
    expect(withState({ waiting })).toMatchObject({
      state: 'starting',
      blockedBy: 'Container image "x" is not present',
    });
  });

  it('runs', () => {
    expect(withState({ running: {} }, 'Running')).toMatchObject({ state: 'running', message: null });
  });

  it('has ended with its termination message, whatever the exit code', () => {
    for (const exitCode of [0, 1, 137])
      expect(withState({ terminated: { exitCode, message: '{"verb":"repair"}' } }, 'Failed')).toMatchObject({
        state: 'ended',
        blockedBy: null,
        message: '{"verb":"repair"}',
      });
  });

  it('has ended with an empty message if it left none: it ran, so it may have written', () => {
    expect(withState({ terminated: { exitCode: 137, reason: 'OOMKilled' } }, 'Failed')).toMatchObject({
      blockedBy: null,
      message: '',
    });
  });

  it.each([
    [
      { reason: 'Evicted', message: 'The node was low on resource: memory.' },
      'The pod was evicted: The node was low on resource: memory.',
    ],
    [
      {
        reason: 'DeadlineExceeded',
        message: 'Pod was active on the node longer than the specified deadline',
      },
      'The pod was ended (DeadlineExceeded): Pod was active on the node longer than the specified deadline',
    ],
    [{ reason: 'Terminated' }, 'The pod was ended (Terminated).'],
    [{}, null],
  ])('has the reason for which the kubelet killed it, if it left no message: %j', (why, blockedBy) => {
    const killed = (message: string | null) =>
      parseAgentPod(
        aPod({
          phase: 'Failed',
          ...why,
          containerStatuses: [
            {
              name: 'agent',
              containerID: 'containerd://a',
              state: { terminated: { exitCode: 137, message } },
            },
          ],
        }),
      );
    expect(killed(null)).toMatchObject({ state: 'ended', blockedBy, message: '' });
    // It reported before it was killed.
    expect(killed('{}')).toMatchObject({ blockedBy: null, message: '{}' });
  });

  it('never ran if the runtime could not start the program', () => {
    const terminated = { exitCode: 128, reason: 'StartError', message: 'exec: "node": not found' };
    expect(withState({ terminated }, 'Failed')).toMatchObject({
      state: 'ended',
      blockedBy: 'StartError: exec: "node": not found',
      message: null,
    });
  });

  it('never ran if the kubelet evicted or rejected the pod before any container was created', () => {
    const status = { phase: 'Failed', reason: 'Evicted', message: 'The node had condition: [DiskPressure].' };
    expect(parseAgentPod(aPod(status))).toMatchObject({
      state: 'ended',
      blockedBy: 'The pod was evicted: The node had condition: [DiskPressure].',
      message: null,
    });
  });

  it('counts as running if the pod failed but the end of its container is not known', () => {
    expect(withState({ running: {} }, 'Failed')).toMatchObject({ state: 'running', message: null });
  });

  it('has ended with the agent’s report as soon as the agent has, although its guard runs on', () => {
    const terminated = { exitCode: 0, message: '{"verb":"repair"}' };
    expect(withGuard({ terminated }, { running: {} })).toMatchObject({
      state: 'ended',
      message: '{"verb":"repair"}',
      guard: { state: 'running', message: null },
    });
  });

  it.each([
    [
      'has not started yet',
      { waiting: { reason: 'ContainerCreating' } },
      { state: 'starting', message: null },
    ],
    [
      'has reported',
      { terminated: { exitCode: 1, message: 'report' } },
      { state: 'ended', message: 'report' },
    ],
    ['was killed', { terminated: { exitCode: 137 } }, { state: 'ended', message: '' }],
    ['is none, as in a proof pod', undefined, null],
  ])('has a guard that %s', (_what, guard, expected) => {
    expect(withGuard({ running: {} }, guard)).toMatchObject({ state: 'running', guard: expected });
  });

  it.each([
    ['a string', 'pod'],
    ['no object', undefined],
    ['a pod without a uid', aPod({}, { uid: undefined })],
    [
      'a pod whose exit code is a text',
      aPod({ containerStatuses: [{ name: 'agent', state: { terminated: { exitCode: 'one' } } }] }),
    ],
    ['a pod whose message is an object', aPod({ message: { forged: true } })],
  ])('rejects %s', (_what, raw) => {
    expect(() => parseAgentPod(raw)).toThrow(ZodError);
  });
});

describe('the run of a Job', () => {
  const failed = (reason: string | null) => ({
    conditions: [
      { type: 'FailureTarget', status: 'True' },
      { type: 'Failed', status: 'True', reason, message: 'Job has reached its limit' },
    ],
  });

  it('is starting while the Job controller has not created a pod', () => {
    expect(runOfJob(parseAgentJob(aJob()), null)).toEqual({
      uid: 'job-1',
      createdAt: at(2),
      deleting: false,
      state: 'starting',
      blockedBy: null,
      message: null,
      guard: null,
    });
  });

  it('has ended without a report if the Job failed and its pod is gone: whether it wrote is unknown', () => {
    const job = parseAgentJob(aJob(failed('DeadlineExceeded')));
    expect(runOfJob(job, null)).toMatchObject({ state: 'ended', blockedBy: null, message: '' });
  });

  it('has the state of its pod, and the failure of the Job if the pod has no reason', () => {
    const job = parseAgentJob(aJob(failed('DeadlineExceeded')));
    expect(runOfJob(job, withState({ running: {} }))).toMatchObject({
      state: 'running',
      blockedBy: 'DeadlineExceeded: Job has reached its limit',
    });
  });

  it('has the guard of its pod', () => {
    const pod = withGuard({ running: {} }, { running: {} });
    expect(runOfJob(parseAgentJob(aJob()), pod).guard).toEqual({ state: 'running', message: null });
  });

  it('keeps the report of a pod that ended badly, although its Job has failed', () => {
    const job = parseAgentJob(aJob(failed('BackoffLimitExceeded')));
    const pod = withState({ terminated: { exitCode: 1, message: 'report' } }, 'Failed');
    expect(runOfJob(job, pod)).toMatchObject({ state: 'ended', message: 'report' });
  });

  it('has the uid of its remediation, and whether it is being deleted', () => {
    expect(parseAgentJob(aJob({}, { deletionTimestamp: stampAt(60) }))).toMatchObject({
      ownerUIDs: ['incident-1'],
      deleting: true,
    });
    expect(parseAgentJob(aJob({}, { ownerReferences: undefined, labels: undefined }))).toMatchObject({
      ownerUIDs: [],
      remediation: '',
    });
  });

  it('has not failed before its condition is true', () => {
    const conditions = [{ type: 'Failed', status: 'False' }];
    expect(parseAgentJob(aJob({ conditions })).failure).toBeNull();
    expect(parseAgentJob(aJob(null)).failure).toBeNull();
  });

  it('rejects what is not a Job', () => {
    for (const raw of ['job', {}, aJob({}, { creationTimestamp: 'soon' }), aJob({ conditions: 'none' })])
      expect(() => parseAgentJob(raw)).toThrow(ZodError);
  });
});
