import { describe, expect, it } from 'vitest';
import { DeadlineError } from '../../runtime/deadline.ts';
import { createFakeClock } from '../../runtime/testing/fake-clock.ts';
import { createConnections } from './connections.ts';

const TLS = {};
const failing = (code: string, cause?: Error): Error =>
  Object.assign(new Error('failed', cause ? { cause } : undefined), { code });
const destroyed = failing('ERR_HTTP2_INVALID_SESSION');

/** Whether the next call gets another agent after a failure of this one, and perhaps a response to another call meanwhile. */
async function replaces(error: unknown, tookMs: number, answeredBeforeMs?: number): Promise<boolean> {
  const clock = createFakeClock();
  const connections = createConnections({ clock });
  const agent = connections.agent(TLS);
  if (answeredBeforeMs !== undefined) {
    connections.answered(agent);
    await clock.advance(answeredBeforeMs);
  }
  connections.failed(agent, error, tookMs);
  const isAnother = connections.agent(TLS) !== agent;
  await connections.close();
  return isAnother;
}

describe('an agent', () => {
  it.each([
    ['uses a session that was destroyed', destroyed, 1],
    ['uses one, as the error inside the error says', failing('UND_ERR_SOCKET', destroyed), 1],
    [
      'lets a call wait for its deadline without an attempt',
      new DeadlineError('no response within 10000 ms'),
      10_000,
    ],
    [
      'lets an attempt to renew the Lease wait, too, while no other call is answered',
      new DeadlineError('no answer about the lease within 3000 ms'),
      3_000,
      3_001,
    ],
  ] as const)('is replaced if it %s', async (_what, error, tookMs, answeredBeforeMs?: number) => {
    expect(await replaces(error, tookMs, answeredBeforeMs)).toBe(true);
  });

  it.each([
    ['the connection was reset', failing('ECONNRESET'), 5],
    ['the server did not answer in time', failing('UND_ERR_HEADERS_TIMEOUT'), 5_000],
    ['the caller allowed only a short time', new DeadlineError('no response within 1000 ms'), 1_000],
    ['another call was answered meanwhile', new DeadlineError('no response within 10000 ms'), 10_000, 9_000],
  ] as const)('stays if %s', async (_what, error, tookMs, answeredBeforeMs?: number) => {
    expect(await replaces(error, tookMs, answeredBeforeMs)).toBe(false);
  });

  it('stays if the failure is one of the agent before it', async () => {
    const connections = createConnections();
    const first = connections.agent(TLS);
    connections.failed(first, destroyed, 1);
    const second = connections.agent(TLS);
    connections.failed(first, destroyed, 1);
    expect(connections.agent(TLS)).toBe(second);
    await connections.close();
  });
});
