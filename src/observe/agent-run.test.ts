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
  parseAgentPod(aPod({ phase, containerStatuses: [{ containerID: 'containerd://a', state }] }));

describe('the pod of a run', () => {
  it('knows whose it is', () => {
    expect(parseAgentPod(aPod())).toMatchObject({
      remediation: 'node-1-abc',
      role: 'repair',
      ownerUIDs: ['job-1'],
      createdAt: at(2),
      deleting: false,
    });
  });

  it('is starting, and nothing blocks it, before the kubelet has said anything', () => {
    for (const status of [undefined, null, {}, { phase: 'Pending' }])
      expect(parseAgentPod(aPod(status))).toMatchObject({
        state: 'starting',
        blockedBy: null,
        message: null,
      });
  });

  it('is not called blocked while its container is being made', () => {
    expect(withState({ waiting: { reason: 'ContainerCreating' } })).toMatchObject({ blockedBy: null });
  });

  it('is blocked by what the kubelet says, in the kubelet’s words', () => {
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

  it('has ended with an empty message where it left none: it ran, so it may have written', () => {
    expect(withState({ terminated: { exitCode: 137, reason: 'OOMKilled' } }, 'Failed')).toMatchObject({
      blockedBy: null,
      message: '',
    });
  });

  it('never ran where the runtime could not start the program', () => {
    const terminated = { exitCode: 128, reason: 'StartError', message: 'exec: "node": not found' };
    expect(withState({ terminated }, 'Failed')).toMatchObject({
      state: 'ended',
      blockedBy: 'StartError: exec: "node": not found',
      message: null,
    });
  });

  it('never ran where the kubelet evicted or refused the pod before any container was made', () => {
    const status = { phase: 'Failed', reason: 'Evicted', message: 'The node had condition: [DiskPressure].' };
    expect(parseAgentPod(aPod(status))).toMatchObject({
      state: 'ended',
      blockedBy: 'The node had condition: [DiskPressure].',
      message: null,
    });
  });

  it('counts as running where the whole pod failed but the end of its container is not known', () => {
    expect(withState({ running: {} }, 'Failed')).toMatchObject({ state: 'running', message: null });
  });

  it.each([
    ['a string', 'pod'],
    ['no object', undefined],
    ['a pod without a uid', aPod({}, { uid: undefined })],
    [
      'a pod whose exit code is a text',
      aPod({ containerStatuses: [{ state: { terminated: { exitCode: 'one' } } }] }),
    ],
    ['a pod whose message is an object', aPod({ message: { forged: true } })],
  ])('refuses %s', (_what, raw) => {
    expect(() => parseAgentPod(raw)).toThrow(ZodError);
  });
});

describe('the run that a Job stands for', () => {
  const failed = (reason: string | null) => ({
    conditions: [
      { type: 'FailureTarget', status: 'True' },
      { type: 'Failed', status: 'True', reason, message: 'Job has reached its limit' },
    ],
  });

  it('is starting while the Job controller has made no pod', () => {
    expect(runOfJob(parseAgentJob(aJob()), null)).toEqual({
      uid: 'job-1',
      createdAt: at(2),
      deleting: false,
      state: 'starting',
      blockedBy: null,
      message: null,
    });
  });

  it('has ended without a report where the Job failed and its pod is gone: nobody can say whether it wrote', () => {
    const job = parseAgentJob(aJob(failed('DeadlineExceeded')));
    expect(runOfJob(job, null)).toMatchObject({ state: 'ended', blockedBy: null, message: '' });
  });

  it('is what its pod is, and the Job’s failure is told where the pod says nothing', () => {
    const job = parseAgentJob(aJob(failed('DeadlineExceeded')));
    expect(runOfJob(job, withState({ running: {} }))).toMatchObject({
      state: 'running',
      blockedBy: 'DeadlineExceeded: Job has reached its limit',
    });
  });

  it('keeps the report of a pod that ended badly, although its Job has failed', () => {
    const job = parseAgentJob(aJob(failed('BackoffLimitExceeded')));
    const pod = withState({ terminated: { exitCode: 1, message: 'report' } }, 'Failed');
    expect(runOfJob(job, pod)).toMatchObject({ state: 'ended', message: 'report' });
  });

  it('knows for which remediation it was made, by uid, and when it is being removed', () => {
    expect(parseAgentJob(aJob({}, { deletionTimestamp: stampAt(60) }))).toMatchObject({
      ownerUIDs: ['incident-1'],
      deleting: true,
    });
    expect(parseAgentJob(aJob({}, { ownerReferences: undefined, labels: undefined }))).toMatchObject({
      ownerUIDs: [],
      remediation: '',
    });
  });

  it('is no failure before its condition is true', () => {
    const conditions = [{ type: 'Failed', status: 'False' }];
    expect(parseAgentJob(aJob({ conditions })).failure).toBeNull();
    expect(parseAgentJob(aJob(null)).failure).toBeNull();
  });

  it('refuses what is no Job', () => {
    for (const raw of ['job', {}, aJob({}, { creationTimestamp: 'soon' }), aJob({ conditions: 'none' })])
      expect(() => parseAgentJob(raw)).toThrow(ZodError);
  });
});
