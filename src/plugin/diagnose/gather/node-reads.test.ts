/** What is read of a node whose kubelet has just been started. */
import { describe, expect, it } from 'vitest';
import { KubeError } from '../../../kube/errors.ts';
import type { Connection } from '../../cluster/connect.ts';
import type { StartTimes } from '../kubelet-facts.ts';
import { createAttempts } from './attempts.ts';
import { createNodeReads } from './node-reads.ts';

const BOOTED = Date.parse('2026-11-01T08:00:00Z');
const STARTED = Date.parse('2026-11-20T10:00:00Z');
const EVENT = Date.parse('2026-11-20T10:05:00Z');

const summary = (systemContainers: readonly object[]) => ({
  node: { startTime: new Date(BOOTED).toISOString(), systemContainers },
});
const withKubelet = summary([{ name: 'kubelet', startTime: new Date(STARTED).toISOString() }]);
const withoutKubelet = summary([{ name: 'pods', startTime: new Date(BOOTED).toISOString() }]);
const startingEvent = { message: 'Starting kubelet.', lastTimestamp: new Date(EVENT).toISOString() };

describe('when a kubelet was started', () => {
  it('is told by its own cgroup', async () => {
    expect(await startTimes({ summary: withKubelet, events: [startingEvent] })).toEqual({
      bootedAt: BOOTED,
      kubeletStartedAt: STARTED,
    });
  });

  it('is told by its event as long as the summary does not list that cgroup yet', async () => {
    expect(await startTimes({ summary: withoutKubelet, events: [startingEvent] })).toEqual({
      bootedAt: BOOTED,
      kubeletStartedAt: EVENT,
    });
  });

  it('is told by its event if the summary cannot be read', async () => {
    expect(await startTimes({ summary: null, events: [startingEvent] })).toEqual({ kubeletStartedAt: EVENT });
  });

  it('is not told by the event of kube-proxy, which has no message', async () => {
    const ofProxy = { ...startingEvent, message: '' };
    expect(await startTimes({ summary: withoutKubelet, events: [ofProxy] })).toEqual({ bootedAt: BOOTED });
  });
});

/** `summary: null`: the API server cannot reach the kubelet. */
async function startTimes(cluster: {
  readonly summary: object | null;
  readonly events: readonly object[];
}): Promise<StartTimes | undefined> {
  const { signal } = new AbortController();
  const { fresh } = createAttempts(signal);
  const request = async () => {
    if (cluster.summary) return cluster.summary;
    throw new KubeError({
      code: 503,
      reason: 'ServiceUnavailable',
      verb: 'get',
      what: 'nodes/node-1/proxy',
      message: 'connection refused',
    });
  };
  const connection = {
    core: { listNamespacedEvent: async () => ({ items: cluster.events }) },
    kube: { raw: { request } },
  } as unknown as Connection;
  return createNodeReads(connection, fresh, signal).startTimes('node-1', fresh());
}
