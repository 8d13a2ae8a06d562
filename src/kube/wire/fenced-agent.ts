/** Connections for the writes of a leader: the fence is checked right before the bytes leave, and resets them when it closes. */
import type { Socket } from 'node:net';
import type { Dispatcher } from 'undici';
import type { Fence } from '../../runtime/election/fence.ts';
import type { TlsMaterial } from '../config.ts';
import { type Dial, dialDirectly } from './dial.ts';
import { diallingConnector } from './dialling-connector.ts';
import { Agent } from './http-agent.ts';

export interface FencedAgent {
  readonly dispatcher: Dispatcher;
  /** Lets requests in flight finish. */
  close(): Promise<void>;
  destroy(): Promise<void>;
}

interface FencedAgentOptions {
  readonly tls: TlsMaterial;
  readonly dial?: Dial;
  /** For opening a connection, and for the headers of a response. */
  readonly timeoutMs: number;
  readonly onConnect?: () => void;
}

/**
 * Separate from the one HTTP/2 session of all other requests, and HTTP/1.1: a request then goes from undici's queue
 * through TLS into the kernel within one synchronous call. In an HTTP/2 session it would wait for the event loop, and
 * a process that is paused at that point would send it whenever it resumes.
 */
export function createFencedAgent(fence: Fence, options: FencedAgentOptions): FencedAgent {
  const { tls, dial = dialDirectly, timeoutMs } = options;
  // Dialled here, because only the plain socket below TLS can be reset.
  const sockets = new Set<Socket>();
  const agent = new Agent({
    allowH2: false,
    headersTimeout: timeoutMs,
    connect: diallingConnector({
      ...tls,
      allowH2: false,
      timeout: timeoutMs,
      dial,
      onDialled({ tcp }) {
        sockets.add(tcp);
        tcp.once('close', () => sockets.delete(tcp));
      },
    }),
  });
  agent.on('connect', () => options.onConnect?.());

  // Reset, not closed: the kernel would still deliver what is in its send buffer.
  const cut = (): void => {
    for (const socket of sockets) socket.resetAndDestroy();
  };
  fence.closed.addEventListener('abort', cut, { once: true });
  const release = (): void => fence.closed.removeEventListener('abort', cut);

  return {
    dispatcher: agent.compose(
      (dispatch) => (request, handler) => dispatch(request, checkedBy(fence, handler)),
    ),
    close: () => agent.close().finally(release),
    destroy: () => agent.destroy().finally(release),
  };
}

/** undici calls onRequestStart right before it writes to the socket; an error thrown there ends the request. */
function checkedBy(fence: Fence, handler: Dispatcher.DispatchHandler): Dispatcher.DispatchHandler {
  return {
    onRequestStart(controller, context) {
      if (!fence.isOpen()) throw new Error('the fence is closed');
      handler.onRequestStart?.(controller, context);
    },
    onRequestUpgrade: (...args) => handler.onRequestUpgrade?.(...args),
    onResponseStart: (...args) => handler.onResponseStart?.(...args),
    onResponseData: (...args) => handler.onResponseData?.(...args),
    onResponseEnd: (...args) => handler.onResponseEnd?.(...args),
    onResponseError: (...args) => handler.onResponseError?.(...args),
  };
}
