/** The connections to the API server: one pooled agent, replaced when the CA or the client certificate changes. */
import type { Dispatcher } from 'undici';
import type { TlsMaterial } from './config.ts';
import { keepSessionsHonest } from './heartbeat.ts';
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
  close(): Promise<void>;
}

export interface ConnectionsOptions {
  /** @default true */
  readonly allowH2?: boolean;
  readonly onConnect?: () => void;
}

export function createConnections(options: ConnectionsOptions = {}): Connections {
  tolerateAbandonedStreams();
  keepSessionsHonest();
  let current: { readonly tls: TlsMaterial; readonly agent: Agent } | undefined;

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
    async close() {
      await current?.agent.destroy();
      current = undefined;
    },
  };
}
