/** Notifications of the operator process: whole incidents, with receivers on loopback that are well, away, slow, or lie. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startReceiver, type TestReceiver } from '../support/network/receiver.ts';
import { incidentStage, POD_IP, released } from './incident-stage.ts';

const SECRET = 's3cr3t';
let directory: string;
let receiver: TestReceiver;

const stage = incidentStage(() => ({ NOTIFICATIONS_FILE: join(directory, 'receivers.yaml') }));

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'dnshealth-notifications-'));
  receiver = await startReceiver();
});
afterAll(async () => {
  await receiver.close();
  await rm(directory, { recursive: true });
});

/** A test starts with the operator that the stage started before it, which has read no file yet. */
async function tell(receivers: string): Promise<void> {
  await stage.stopOperator();
  await writeFile(join(directory, 'receivers.yaml'), receivers);
  await stage.startOperator();
}

const events = () => receiver.received.map(({ body }) => JSON.parse(body).event as string);
const metric = async (name: string, ...labels: readonly string[]): Promise<number> => {
  const text = (await stage.operator.get('/metrics'))?.text ?? '';
  const line = text
    .split('\n')
    .find((one) => one.startsWith(name) && labels.every((label) => one.includes(label)));
  return Number(line?.split(' ').at(-1) ?? Number.NaN);
};

/** A whole incident, from the crash to its end. */
async function heal(): Promise<string> {
  const { cluster } = stage;
  await cluster.node('node-1');
  await cluster.policy('coredns');
  await cluster.loopingPod('coredns-sick', 'node-1');
  const { metadata } = await stage.quarantined();
  await cluster.agentReports(metadata.name);
  await cluster.proofReports(metadata.name);
  await cluster.podEnds('coredns-sick');
  await cluster.runningPod('coredns-new', 'node-1', POD_IP);
  const { status } = await cluster.incident('node-1', released, 'to end');
  expect(status.phase).toBe('Healed');
  return metadata.uid;
}

/** Nothing that the operator says to anyone has a secret in it. */
async function expectNoSecret(): Promise<void> {
  expect(JSON.stringify(stage.operator.lines)).not.toContain(SECRET);
  expect((await stage.operator.get('/metrics'))?.text).not.toContain(SECRET);
  const recorded = await stage.server.call('GET', '/apis/events.k8s.io/v1/events');
  expect(JSON.stringify(recorded.body)).not.toContain(SECRET);
}

describe('a receiver', () => {
  beforeEach(() => {
    receiver.answer = (response) => response.end('ok');
  });

  it('is told of the quarantine and of the end, and not again after a restart', async () => {
    await tell(`receivers: [{name: ops, url: "${receiver.url}"}]`);
    const uid = await heal();
    await expect.poll(events).toEqual(['Quarantined', 'Healed']);
    expect(receiver.received.map(({ body }) => JSON.parse(body).id)).toEqual([
      `${uid}/Quarantined`,
      `${uid}/Healed`,
    ]);
    await stage.stopOperator();
    await stage.startOperator();
    // The record was read again.
    const read = ['controller="remediation"', 'result="success"'];
    await expect.poll(async () => metric('controller_runtime_reconcile_total', ...read)).toBeGreaterThan(0);
    expect(events()).toEqual(['Quarantined', 'Healed']);
    await expectNoSecret();
  });

  it('that is away, never answers or lies keeps no repair waiting, and is not followed elsewhere', async () => {
    const gone = await startReceiver();
    await gone.close();
    const [mute, liar, elsewhere] = [await startReceiver(), await startReceiver(), await startReceiver()];
    mute.answer = () => {};
    liar.answer = (response) => response.writeHead(301, { location: elsewhere.url }).end('x'.repeat(100_000));
    try {
      const url = (of: TestReceiver) => `url: "${of.url}"`;
      await tell(
        `receivers:
- {name: gone, ${url(gone)}}
- {name: nowhere, url: "https://${SECRET}.invalid/x"}
- {name: mute, ${url(mute)}, timeoutSeconds: 60}
- {name: liar, ${url(liar)}}
`,
      );
      await heal();
      await expect.poll(async () => metric('dnshealth_notifications_total', 'liar', 'refused')).toBe(2);
      await expect
        .poll(async () => metric('dnshealth_notifications_total', 'gone', 'failed'))
        .toBeGreaterThan(0);
      await expect
        .poll(async () => metric('dnshealth_notifications_total', 'nowhere', 'failed'))
        .toBeGreaterThan(0);
      // The first one is still on its way.
      expect(mute.received).toHaveLength(1);
      expect(await metric('dnshealth_notifications_queued', 'mute')).toBe(2);
      expect(elsewhere.received).toEqual([]);
      await expectNoSecret();
    } finally {
      for (const one of [mute, liar, elsewhere]) await one.close();
    }
  });

  it('in a file that is not valid is named in the log, and the operator is ready all the same', async () => {
    await tell(`receivers: [{name: ops, url: "${SECRET}"}]`);
    expect(await stage.operator.isReady()).toBe(true);
    await expect.poll(async () => metric('dnshealth_notification_file_invalid')).toBe(1);
    const problems = stage.operator.lines.filter(({ level }) => level === 'error');
    expect(problems.map(({ problem }) => problem)).toEqual([
      'the file of receivers is not valid: receivers[0].url: must be an http:// or https:// URL',
    ]);
    await expectNoSecret();
  });
});
