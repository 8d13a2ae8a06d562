/** The connections to the API server: one pooled agent, replaced when the CA or the client certificate changes, or when it is stuck. */
import type { buildConnector, Dispatcher } from 'undici';
import { type Clock, systemClock } from '../../runtime/clock.ts';
import { DeadlineError } from '../../runtime/deadline.ts';
import type { Fence } from '../../runtime/election/fence.ts';
import type { TlsMaterial } from '../config.ts';
import type { Dial } from './dial.ts';
import { diallingConnector } from './dialling-connector.ts';
import { createFencedAgent, type FencedAgent } from './fenced-agent.ts';
import { pingSessions } from './heartbeat.ts';
import { Agent, connector } from './http-agent.ts';
import { tolerateAbandonedStreams } from './stream-errors.ts';

const HEADERS_TIMEOUT_MS = 5_000;
/** Shorter than an attempt to renew the Lease may take, so that the next attempt has another agent. */
const SILENT_MS = 2_500;
/**
 * TCP probes an idle connection after this time, then every second, and gives up after ten probes (libuv's constants).
 * Over HTTP/1.1, which has no PING, only this detects that packets of a watch are lost.
 */
const KEEP_ALIVE_PROBE_MS = 5_000;

export interface Connections {
  /** The agent for this TLS material; a new one if the material is a different object than last time. */
  agent(tls: TlsMaterial): Dispatcher;
  /** The agent for writes that only a leader may make. @throws TypeError without a fence */
  fencedAgent(tls: TlsMaterial): Dispatcher;
  /** When a response of any status has come. */
  answered(dispatcher: Dispatcher): void;
  /** After a call that failed: if the agent can never succeed again, the next call gets another one. */
  failed(dispatcher: Dispatcher, error: unknown, tookMs: number): void;
  close(): Promise<void>;
}

interface ConnectionsOptions {
  /** @default true */
  readonly allowH2?: boolean;
  readonly dial?: Dial;
  readonly fence?: Fence;
  readonly onConnect?: () => void;
  readonly clock?: Clock;
}

export function createConnections(options: ConnectionsOptions = {}): Connections {
  tolerateAbandonedStreams();
  pingSessions();
  const { fence, dial, allowH2 = true, clock = systemClock } = options;
  let current: { readonly tls: TlsMaterial; readonly agent: Agent; answeredAt: number } | undefined;
  let fenced: { readonly tls: TlsMaterial; readonly agent: FencedAgent } | undefined;

  function build(tls: TlsMaterial): Agent {
    const connect = {
      ...tls,
      allowH2,
      timeout: HEADERS_TIMEOUT_MS,
      keepAlive: true,
      keepAliveInitialDelay: KEEP_ALIVE_PROBE_MS,
    };
    const agent = new Agent({
      // One session for everything: a call that gets no response then also ends the watches. Not `connections: 1`, with
      // which calls over HTTP/1.1 would wait behind an open watch forever.
      allowH2,
      headersTimeout: HEADERS_TIMEOUT_MS,
      // A watch may be silent for more than a minute; calls have their own deadline.
      bodyTimeout: 0,
      connect: afterHandshake(dial ? diallingConnector({ ...connect, dial }) : connector(connect)),
    });
    agent.on('connect', () => options.onConnect?.());
    return agent;
  }

  return {
    agent(tls) {
      if (current?.tls === tls) return current.agent;
      // Graceful: open watches may end on the old connections by themselves.
      void current?.agent.close();
      current = { tls, agent: build(tls), answeredAt: -Infinity };
      return current.agent;
    },
    fencedAgent(tls) {
      if (fence === undefined) throw new TypeError('there is no fence');
      if (fenced?.tls === tls) return fenced.agent.dispatcher;
      void fenced?.agent.close();
      fenced = {
        tls,
        agent: createFencedAgent(fence, {
          tls,
          ...(dial ? { dial } : {}),
          timeoutMs: HEADERS_TIMEOUT_MS,
          ...(options.onConnect ? { onConnect: options.onConnect } : {}),
        }),
      };
      return fenced.agent.dispatcher;
    },
    answered(dispatcher) {
      if (current?.agent === dispatcher) current.answeredAt = clock.monotonic();
    },
    failed(dispatcher, error, tookMs) {
      if (current?.agent !== dispatcher) return;
      const isSilent = tookMs >= SILENT_MS && clock.monotonic() - current.answeredAt >= tookMs;
      if (!isStuck(error, isSilent)) return;
      const { agent } = current;
      current = undefined;
      // Its open watches end as well, and are resumed over the new agent.
      void agent.destroy();
    },
    async close() {
      await Promise.all([current?.agent.destroy(), fenced?.agent.destroy()]);
      current = undefined;
      fenced = undefined;
    },
  };
}

/**
 * Passes a connection on after the read that completed its TLS handshake. Node 24 loses the error of a connection that was
 * reset by then if an HTTP/2 session is put on it within that read, and no call over that session is ever answered. Seen
 * with resets a few milliseconds apart: seven calls hung in a minute, and none with this.
 */
function afterHandshake(connect: buildConnector.connector): buildConnector.connector {
  return (target, callback) =>
    connect(target, (...outcome) => {
      setImmediate(() => callback(...outcome));
    });
}

/**
 * undici 8.12 now and then keeps using an HTTP/2 session whose connection was reset at the wrong moment: each call
 * fails at once, or waits for its deadline without an attempt to connect. Without a new agent the operator would lose its
 * Lease, or be blind until it is restarted.
 *
 * @param isSilent no call over the agent was answered for as long as this one waited
 */
function isStuck(error: unknown, isSilent: boolean): boolean {
  for (let at = error; at instanceof Error; at = at.cause) {
    if (Reflect.get(at, 'code') === 'ERR_HTTP2_INVALID_SESSION') return true;
    if (at instanceof DeadlineError && isSilent) return true;
  }
  return false;
}
