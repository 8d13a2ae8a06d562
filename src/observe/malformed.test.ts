import { expect, it } from 'vitest';
import type { EventRecord } from '../kube/event-recorder.ts';
import { parsePolicy } from './custom-resources.ts';
import { eventOnMalformed } from './malformed.ts';

function setup(kind: string) {
  const recorded: EventRecord[] = [];
  const recorder = { record: (event: EventRecord) => void recorded.push(event), drain: async () => {} };
  return { recorded, onMalformed: eventOnMalformed(recorder, { apiVersion: 'example.io/v1', kind }) };
}

function errorOf(read: () => unknown): unknown {
  try {
    return read();
  } catch (error) {
    return error;
  }
}

it('names the invalid field in an event on the object itself', () => {
  const { recorded, onMalformed } = setup('Policy');
  const metadata = { name: 'p', uid: 'u', resourceVersion: '1', creationTimestamp: '2026-01-01T00:00:00Z' };
  const error = errorOf(() => parsePolicy({ metadata, spec: { mode: 'Guess' } }));
  onMalformed('p', error, metadata);
  expect(recorded).toEqual([
    {
      regarding: { apiVersion: 'example.io/v1', kind: 'Policy', name: 'p', uid: 'u' },
      type: 'Warning',
      reason: 'Malformed',
      action: 'Read',
      note: expect.stringMatching(
        /^This object is ignored, because it does not match its schema: spec\.mode: /,
      ) as unknown,
    },
  ]);
});

it('refers to a node as the kubelet does, and to a pod in its namespace', () => {
  const node = setup('Node');
  node.onMalformed('n', new Error('odd'), { name: 'n', uid: 'u' });
  expect(node.recorded[0]?.regarding).toEqual({
    apiVersion: 'example.io/v1',
    kind: 'Node',
    name: 'n',
    uid: 'n',
  });
  const pod = setup('Pod');
  pod.onMalformed('ns/p', new Error('odd'), { name: 'p', namespace: 'ns', uid: 'u' });
  expect(pod.recorded[0]?.regarding).toMatchObject({ namespace: 'ns', uid: 'u' });
});

it('records no event without an object', () => {
  const { recorded, onMalformed } = setup('Pod');
  onMalformed('', new TypeError('an object without metadata.name'), {});
  expect(recorded).toEqual([]);
});
