import { expect, it } from 'vitest';
import { stateOf } from './pod-state.ts';

const pod = (state: object, status: object = {}) =>
  ({ status: { containerStatuses: [{ name: 'agent', state }], ...status } }) as never;
const waiting = (reason: string, message?: string) => pod({ waiting: { reason, message } });

it.each([
  ['has no status yet', {} as never, { kind: 'waiting', why: null }],
  ['is being created', waiting('ContainerCreating'), { kind: 'waiting', why: null }],
  [
    'waits for something',
    waiting('PodInitializing', 'why'),
    { kind: 'waiting', why: 'PodInitializing: why' },
  ],
  ['runs', pod({ running: {} }), { kind: 'running' }],
  [
    'has ended',
    pod({ terminated: { exitCode: 1, reason: 'Error', message: '{}' } }),
    { kind: 'ended', exitCode: 1, reason: 'Error', message: '{}' },
  ],
])('a pod that %s', (_what, given, state) => {
  expect(stateOf(given)).toEqual(state);
});

it.each([
  [
    'whose image is missing',
    waiting('ErrImagePull', 'not found'),
    'ImageMissing',
    /cannot be pulled.*not found/,
  ],
  ['whose image is awaited in vain', waiting('ImagePullBackOff'), 'ImageMissing', /ImagePullBackOff/],
  ['whose container cannot be made', waiting('CreateContainerConfigError', 'why'), 'Rejected', /why/],
  [
    'whose program does not exist in the image',
    pod({ terminated: { exitCode: 128, reason: 'StartError', message: 'no such file' } }),
    'Rejected',
    /no such file/,
  ],
  [
    'that found no room',
    {
      status: { phase: 'Failed', reason: 'OutOfpods', message: 'Node didn’t have enough resource' },
    } as never,
    'Rejected',
    /OutOfpods/,
  ],
])('a pod %s never starts', (_what, given, reason, message) => {
  const state = stateOf(given);
  expect(state).toMatchObject({ kind: 'never', because: { kind: 'not-checked', reason } });
  expect(Object(state).because.message).toMatch(message);
});
