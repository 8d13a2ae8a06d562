/** The connections to the API server: one pooled agent, replaced when the CA or the client certificate changes. */
import type { Dispatcher } from 'undici';
import type { Fence } from '../../runtime/election/fence.ts';
import type { TlsMaterial } from '../config.ts';
import { createFencedAgent, type FencedAgent } from './fenced-agent.ts';
import { pingSessions } from './heartbeat.ts';
import { Agent } from './http-agent.ts';
import { tolerateAbandonedStreams } from './stream-errors.ts';

const HEADERS_TIMEOUT_MS = 5_000;
/**
 * An idle connection is probed after this, then every second, and is dead after ten probes (libuv's constants). It is
 * how watches on a black-holed network are noticed where the endpoint speaks only HTTP/1.1, which has no PING.
 */
const KEEP_ALIVE_PROBE_MS = 5_000;

export interface Connections {
  /** The agent for this material; a new one when the material is another object than last time. */
  agent(tls: TlsMaterial): Dispatcher;
  /** The one for writes that only a leader may make. Only with a fence. */
  fencedAgent(tls: TlsMaterial): Dispatcher;
  close(): Promise<void>;
}

export interface ConnectionsOptions {
  /** @default true */
  readonly allowH2?: boolean;
  readonly fence?: Fence;
  readonly onConnect?: () => void;
}

export function createConnections(options: ConnectionsOptions = {}): Connections {
  tolerateAbandonedStreams();
  pingSessions();
  const { fence } = options;
  let current: { readonly tls: TlsMaterial; readonly agent: Agent } | undefined;
  let fenced: { readonly tls: TlsMaterial; readonly agent: FencedAgent } | undefined;

  function build(tls: TlsMaterial): Agent {
    const agent = new Agent({
      // One session for everything: then a call that fails to answer also proves to the watches that the server is
      // gone. Not `connections: 1`, which is a deadlock behind an open watch where the endpoint speaks only HTTP/1.1.
      allowH2: options.allowH2 ?? true,
      headersTimeout: HEADERS_TIMEOUT_MS,
      // A watch is silent for a minute and more; calls have their own deadline.
      bodyTimeout: 0,
      connect: {
        ...tls,
        timeout: HEADERS_TIMEOUT_MS,
        keepAlive: true,
        keepAliveInitialDelay: KEEP_ALIVE_PROBE_MS,
      },
    });
    agent.on('connect', () => options.onConnect?.());
    return agent;
  }

  return {
    agent(tls) {
      if (current?.tls === tls) return current.agent;
      // Graceful: open watches end by themselves on the old connections, which nobody needs to cut.
      void current?.agent.close();
      current = { tls, agent: build(tls) };
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
          timeoutMs: HEADERS_TIMEOUT_MS,
          ...(options.onConnect ? { onConnect: options.onConnect } : {}),
        }),
      };
      return fenced.agent.dispatcher;
    },
    async close() {
      await Promise.all([current?.agent.destroy(), fenced?.agent.destroy()]);
      current = undefined;
      fenced = undefined;
    },
  };
}
