import { expect, it } from 'vitest';
import type { EventRecord } from '../kube/event-recorder.ts';
import { parsePolicy } from './custom-resources.ts';
import { eventOnMalformed } from './malformed.ts';

function setup(kind: string) {
  const told: EventRecord[] = [];
  const recorder = { record: (event: EventRecord) => void told.push(event), drain: async () => {} };
  return { told, onMalformed: eventOnMalformed(recorder, { apiVersion: 'example.io/v1', kind }) };
}

function errorOf(read: () => unknown): unknown {
  try {
    return read();
  } catch (error) {
    return error;
  }
}

it('names the field that is wrong, on the object itself', () => {
  const { told, onMalformed } = setup('Policy');
  const metadata = { name: 'p', uid: 'u', resourceVersion: '1', creationTimestamp: '2026-01-01T00:00:00Z' };
  const error = errorOf(() => parsePolicy({ metadata, spec: { mode: 'Guess' } }));
  onMalformed('p', error, metadata);
  expect(told).toEqual([
    {
      regarding: { apiVersion: 'example.io/v1', kind: 'Policy', name: 'p', uid: 'u' },
      type: 'Warning',
      reason: 'Malformed',
      action: 'Read',
      note: expect.stringMatching(/^the operator cannot understand this object.*: spec\.mode: /) as unknown,
    },
  ]);
});

it('speaks of a node as the kubelet does, and of a pod in its namespace', () => {
  const node = setup('Node');
  node.onMalformed('n', new Error('odd'), { name: 'n', uid: 'u' });
  expect(node.told[0]?.regarding).toEqual({ apiVersion: 'example.io/v1', kind: 'Node', name: 'n', uid: 'n' });
  const pod = setup('Pod');
  pod.onMalformed('ns/p', new Error('odd'), { name: 'p', namespace: 'ns', uid: 'u' });
  expect(pod.told[0]?.regarding).toMatchObject({ namespace: 'ns', uid: 'u' });
});

it('says nothing where there is no object to say it on', () => {
  const { told, onMalformed } = setup('Pod');
  onMalformed('', new TypeError('an object without metadata.name'), {});
  expect(told).toEqual([]);
});
