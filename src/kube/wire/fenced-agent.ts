/** Connections for the writes of a leader: the fence is asked in the turn in which the bytes leave, and cuts them off. */
import { connect as connectTcp, type Socket } from 'node:net';
import type { buildConnector, Dispatcher } from 'undici';
import type { Fence } from '../../runtime/election/fence.ts';
import type { TlsMaterial } from '../config.ts';
import { Agent, connector } from './http-agent.ts';

export interface FencedAgent {
  readonly dispatcher: Dispatcher;
  /** Lets what is under way end. */
  close(): Promise<void>;
  destroy(): Promise<void>;
}

export interface FencedAgentOptions {
  readonly tls: TlsMaterial;
  /** For a connection, and for the headers of an answer. */
  readonly timeoutMs: number;
  readonly onConnect?: () => void;
}

/**
 * Of its own, beside the one session of everything else, and HTTP/1.1: there a request goes from undici's queue
 * through TLS into the kernel within one synchronous call. Over HTTP/2 it would lie in the session until the event
 * loop comes round, and a process that is stopped there would send it whenever it goes on.
 */
export function createFencedAgent(fence: Fence, options: FencedAgentOptions): FencedAgent {
  const sockets = new Set<Socket>();
  const agent = new Agent({
    allowH2: false,
    headersTimeout: options.timeoutMs,
    connect: resettable(sockets, options),
  });
  agent.on('connect', () => options.onConnect?.());

  // Not a close: the kernel would go on delivering what the network has not taken yet.
  const cut = (): void => {
    for (const socket of sockets) socket.resetAndDestroy();
  };
  fence.closed.addEventListener('abort', cut, { once: true });
  const release = (): void => fence.closed.removeEventListener('abort', cut);

  return {
    dispatcher: agent.compose(
      (dispatch) => (request, handler) => dispatch(request, askedAtTheWire(fence, handler)),
    ),
    close: () => agent.close().finally(release),
    destroy: () => agent.destroy().finally(release),
  };
}

/** undici calls onRequestStart right before it writes to the socket; what it throws there ends the request. */
function askedAtTheWire(fence: Fence, handler: Dispatcher.DispatchHandler): Dispatcher.DispatchHandler {
  return {
    onRequestStart(controller, context) {
      if (!fence.isOpen()) throw new Error('the fence is closed');
      handler.onRequestStart?.(controller, context);
    },
    onRequestUpgrade: (...told) => handler.onRequestUpgrade?.(...told),
    onResponseStart: (...told) => handler.onResponseStart?.(...told),
    onResponseData: (...told) => handler.onResponseData?.(...told),
    onResponseEnd: (...told) => handler.onResponseEnd?.(...told),
    onResponseError: (...told) => handler.onResponseError?.(...told),
  };
}

/** Makes the TCP connection itself: only a plain socket can be reset, not one that TLS has made. */
function resettable(sockets: Set<Socket>, { tls, timeoutMs }: FencedAgentOptions): buildConnector.connector {
  const overTls = connector({ ...tls, allowH2: false, timeout: timeoutMs });
  return (target, callback) => {
    const isTls = target.protocol === 'https:';
    const socket = connectTcp({
      // As in a URL, where an IPv6 address has brackets.
      host: target.hostname.replace(/^\[(.*)\]$/, '$1'),
      port: Number(target.port || (isTls ? 443 : 80)),
      noDelay: true,
    });
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    const refused = (error: Error): void => callback(error, null);
    socket.once('error', refused);
    socket.setTimeout(timeoutMs, () => socket.destroy(new Error(`no connection within ${timeoutMs} ms`)));
    socket.once('connect', () => {
      socket.off('error', refused);
      socket.setTimeout(0);
      if (isTls) overTls({ ...target, httpSocket: socket }, callback);
      else callback(null, socket);
    });
  };
}
