import { describe, expect, it } from 'vitest';
import { silentLogger } from '../runtime/logger.ts';
import { createMetrics } from '../runtime/metrics.ts';
import { createFakeClock } from '../runtime/testing/fake-clock.ts';
import { KubeError } from './errors.ts';
import { createEventRecorder, type EventRecord } from './event-recorder.ts';
import type { RawRequest } from './raw-api.ts';

const node = { apiVersion: 'v1', kind: 'Node', name: 'node-1', uid: 'uid-1' };
const held: EventRecord = {
  regarding: node,
  type: 'Normal',
  reason: 'Held',
  action: 'Hold',
  note: 'as reported',
};

function setup(fail?: (request: RawRequest) => KubeError | undefined) {
  const clock = createFakeClock(Date.parse('2026-01-02T03:04:05.678Z'));
  const metrics = createMetrics();
  const sent: RawRequest[] = [];
  const send = async (request: RawRequest): Promise<string> => {
    sent.push(request);
    const error = fail?.(request);
    if (error) throw error;
    return '{}';
  };
  const recorder = createEventRecorder({
    raw: { text: send, request: async <T>(request: RawRequest) => JSON.parse(await send(request)) as T },
    logger: silentLogger,
    metrics,
    reportingController: 'example.io/operator',
    reportingInstance: 'pod-1',
    clock,
  });
  const dropped = async (): Promise<number> =>
    (await metrics.eventsDropped.get()).values.reduce((sum, { value }) => sum + value, 0);
  return { clock, recorder, sent, dropped };
}

const error = (code: number): KubeError =>
  new KubeError({ code, reason: 'Because', verb: 'create', what: 'events', message: '' });

describe('the event recorder', () => {
  it('writes events about cluster-scoped objects to "default"', async () => {
    const { clock, recorder, sent } = setup();
    recorder.record(held);
    await clock.settle();
    expect(sent).toMatchObject([
      {
        method: 'POST',
        path: '/apis/events.k8s.io/v1/namespaces/default/events',
        body: {
          metadata: {
            name: expect.stringMatching(/^node-1\.[0-9a-f]{16}$/) as unknown,
            namespace: 'default',
          },
          eventTime: '2026-01-02T03:04:05.678000Z',
          reportingController: 'example.io/operator',
          reportingInstance: 'pod-1',
          regarding: node,
        },
      },
    ]);
  });

  it('folds repetitions into one patch of the count', async () => {
    const { clock, recorder, sent } = setup();
    for (let time = 0; time < 4; time++) recorder.record(held);
    await clock.advance(5_000);
    expect(sent.map(({ method }) => method)).toEqual(['POST', 'PATCH']);
    expect(sent[1]?.body).toMatchObject({ series: { count: 4 } });
    recorder.record(held);
    await clock.advance(5_000);
    expect(sent[2]?.body).toMatchObject({ series: { count: 5 } });
  });

  it('writes a new event for another note, another object, and after the window', async () => {
    const { clock, recorder, sent } = setup();
    recorder.record(held);
    recorder.record({ ...held, note: 'otherwise' });
    recorder.record({ ...held, regarding: { ...node, uid: 'uid-2' } });
    await clock.advance(600_000);
    recorder.record(held);
    await clock.settle();
    expect(sent.map(({ method }) => method)).toEqual(['POST', 'POST', 'POST', 'POST']);
  });

  it('creates an event again that has expired', async () => {
    const { clock, recorder, sent, dropped } = setup(({ method }) =>
      method === 'PATCH' ? error(404) : undefined,
    );
    recorder.record(held);
    recorder.record(held);
    await clock.advance(5_000);
    expect(sent.map(({ method }) => method)).toEqual(['POST', 'PATCH', 'POST']);
    expect(await dropped()).toBe(0);
  });

  it('never throws, counts refused events, and continues', async () => {
    let failing = true;
    const { clock, recorder, dropped, sent } = setup(() => (failing ? error(403) : undefined));
    recorder.record(held);
    await clock.settle();
    expect(await dropped()).toBe(1);
    failing = false;
    recorder.record({ ...held, note: 'later' });
    await clock.settle();
    expect(sent).toHaveLength(2);
    expect(await dropped()).toBe(1);
  });

  it('drops events beyond the backlog limit', async () => {
    const { recorder, dropped } = setup(() => error(0));
    for (let index = 0; index < 250; index++) recorder.record({ ...held, note: `note ${index}` });
    await recorder.drain();
    expect(await dropped()).toBe(250);
  });

  it('truncates a note to the 1024 bytes that the API allows, between characters', async () => {
    const { clock, recorder, sent } = setup();
    recorder.record({ ...held, note: 'ä€'.repeat(1_000) });
    await clock.settle();
    const [{ body } = { body: {} }] = sent;
    const { note = '' } = body as { note?: string };
    expect(Buffer.byteLength(note)).toBeLessThanOrEqual(1024);
    expect(note).toMatch(/^(?:ä€)+ä?…$/);
  });

  it('writes pending counts when drained', async () => {
    const { clock, recorder, sent } = setup();
    recorder.record(held);
    recorder.record(held);
    await recorder.drain();
    expect(sent.map(({ method }) => method)).toEqual(['POST', 'PATCH']);
    expect(clock.pendingTimers).toBe(0);
  });
});
