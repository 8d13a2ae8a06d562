import { describe, expect, it } from 'vitest';
import { DeadlineError } from '../../runtime/deadline.ts';
import { createConnections } from './connections.ts';

const TLS = {};
const failing = (code: string, cause?: Error): Error =>
  Object.assign(new Error('failed', cause ? { cause } : undefined), { code });
const destroyed = failing('ERR_HTTP2_INVALID_SESSION');

/** Whether the next call gets another agent after a failure of this one. */
async function replaces(error: unknown, tookMs: number): Promise<boolean> {
  const connections = createConnections();
  const agent = connections.agent(TLS);
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
  ])('is replaced if it %s', async (_what, error, tookMs) => {
    expect(await replaces(error, tookMs)).toBe(true);
  });

  it.each([
    ['the connection was reset', failing('ECONNRESET'), 5],
    ['the server did not answer in time', failing('UND_ERR_HEADERS_TIMEOUT'), 5_000],
    ['the caller allowed only a short time', new DeadlineError('no response within 3000 ms'), 3_000],
  ])('stays if %s', async (_what, error, tookMs) => {
    expect(await replaces(error, tookMs)).toBe(false);
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
