import { describe, expect, it } from 'vitest';
import { fakeKube, kubeError } from '../../test/support/objects/fake-kube.ts';
import {
  aDeath,
  aRawDnsPod,
  LOOP_LINE,
  loggedAt,
  running,
  stampAt,
} from '../../test/support/objects/raw-objects.ts';
import type { LogRequest } from '../kube/client.ts';
import { readLogOfDeath } from './death-log.ts';
import { parseDnsPod } from './dns-pod.ts';

const signal = new AbortController().signal;

/** The container started at 11:59:59 and died within the second of 12:00:00. */
async function read(log: (request: LogRequest) => string, container: object = {}) {
  const fake = fakeKube();
  fake.log = log;
  const pod = parseDnsPod(aRawDnsPod({ container }));
  const [dead] = pod.containers;
  if (!dead?.death) throw new Error('the pod has no death');
  return readLogOfDeath(fake.kube, { pod, container: dead, death: dead.death }, signal);
}

const restarted = { state: running(1), lastState: aDeath() };

describe('the log of a death', () => {
  it('is requested with timestamps, which are taken off again', async () => {
    const requests: LogRequest[] = [];
    const log = await read((request) => {
      requests.push(request);
      return loggedAt(0, `.:53\nCoreDNS-1.11.3\n${LOOP_LINE}\n`);
    });
    expect(log).toBe(`.:53\nCoreDNS-1.11.3\n${LOOP_LINE}`);
    expect(requests).toMatchObject([{ timestamps: true, previous: false, tailLines: 40 }]);
  });

  it('is read from the last second on after a panic, because the line that says why comes before all stacks', async () => {
    const requests: LogRequest[] = [];
    await read(
      (request) => {
        requests.push(request);
        return loggedAt(0, 'panic: x');
      },
      { state: aDeath({ exitCode: 2 }) },
    );
    expect(requests).toMatchObject([{ sinceTime: '2026-03-01T11:59:59.000Z', limitBytes: 1_048_576 }]);
    expect(requests[0]).not.toHaveProperty('tailLines');
  });

  it('keeps what follows the timestamp byte for byte', async () => {
    for (const line of [` ${LOOP_LINE}`, `2019-04-17T00:18:44.486Z ${LOOP_LINE}`, '[INFO] "x"', '\tx '])
      expect(await read(() => loggedAt(0, line))).toBe(line);
  });

  it.each([
    ['in the second of the death', '2026-03-01T12:00:00.999999999Z'],
    ['as the container starts', '2026-03-01T11:59:59Z'],
    ['in another time zone', '2026-03-01T17:30:00.5+05:30'],
    ['a little after the death, if the runtime was slow to read it', '2026-03-01T12:00:02.900Z'],
    ['a little before the start, if the runtime was slow to notice it', '2026-03-01T11:59:57.100Z'],
  ])('has a line that was written %s', async (_when, time) => {
    expect(await read(() => `${time} x`)).toBe('x');
  });

  it.each([
    ['ten days before', () => loggedAt(-864_000, LOOP_LINE)],
    ['before the start', () => loggedAt(-4, LOOP_LINE)],
    ['by a container that was started later', () => loggedAt(4, LOOP_LINE)],
    ['without a time', () => LOOP_LINE],
    [
      'by the runtime, which cannot find the file',
      () => 'unable to retrieve container logs for containerd://x',
    ],
    ['with a time that is none', () => `2026-99-01T10:00:00Z ${LOOP_LINE}`],
    ['with a time that does not begin the line', () => ` ${loggedAt(0, LOOP_LINE)}`],
    ['not at all', () => ''],
  ])('has no line that was written %s', async (_when, log) => {
    expect(await read(log)).toBeNull();
  });

  it('is that of the other container only within the life of the dead one, to the second', async () => {
    const other = (seconds: number) => async () =>
      read(({ previous }) => (previous ? '' : loggedAt(seconds, LOOP_LINE)), restarted);
    expect(await other(0.9)()).toBe(LOOP_LINE);
    expect(await other(1.1)()).toBeNull();
    const earlier = (seconds: number) => async () =>
      read(({ previous }) => (previous ? loggedAt(seconds, LOOP_LINE) : ''));
    expect(await earlier(-1)()).toBe(LOOP_LINE);
    expect(await earlier(-1.1)()).toBeNull();
  });

  it('needs the time of the death; without that of the start, it reaches a minute back', async () => {
    const unknownStart = { state: aDeath({ startedAt: undefined }) };
    expect(await read(() => loggedAt(-59, 'x'), unknownStart)).toBe('x');
    expect(await read(() => loggedAt(-64, 'x'), unknownStart)).toBeNull();
    const unknownEnd = { state: aDeath({ startedAt: stampAt(-1), finishedAt: undefined }) };
    expect(await read(() => loggedAt(0, 'x'), unknownEnd)).toBeNull();
  });

  it('is null if both are refused, and an error if it is forbidden', async () => {
    for (const code of [400, 404, 500])
      expect(
        await read(() => {
          throw kubeError(code, 'Refused');
        }),
      ).toBeNull();
    const forbidden = read(() => {
      throw kubeError(403, 'Forbidden');
    });
    await expect(forbidden).rejects.toThrow('403');
  });
});
