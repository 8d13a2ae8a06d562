import { describe, expect, it } from 'vitest';
import { parseKubeletStart } from './kubelet-start.ts';

const event = (changes: object = {}) => ({
  metadata: { name: 'node-1.18a9', creationTimestamp: '2026-03-01T12:00:00Z' },
  involvedObject: { kind: 'Node', name: 'node-1', uid: 'node-1' },
  reason: 'Starting',
  message: 'Starting kubelet.',
  source: { component: 'kubelet', host: 'node-1' },
  ...changes,
});

describe('the start of a kubelet', () => {
  it('is told by its event, with the clock of the API server', () => {
    expect(parseKubeletStart(event())).toEqual({ node: 'node-1', at: Date.parse('2026-03-01T12:00:00Z') });
  });

  it.each([
    ['kube-proxy, which writes no message', { message: '' }],
    ['a reboot', { reason: 'Rebooted', message: 'Node node-1 has been rebooted' }],
    ['something else that is started', { involvedObject: { kind: 'Pod', name: 'pod-1' } }],
    ['a node without a name', { involvedObject: { kind: 'Node' } }],
  ])('is not told by the event of %s', (_what, changes) => {
    expect(parseKubeletStart(event(changes))).toBeNull();
  });
});
