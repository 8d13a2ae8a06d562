/** A receiver of notifications, which answers as the test wants: on loopback, or at an address that a rig reaches. */
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

export interface Received {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface TestReceiver {
  readonly url: string;
  /** Everything that was posted so far. */
  readonly received: readonly Received[];
  /** How it answers from now on. @default 200 */
  answer: (response: ServerResponse, request: IncomingMessage) => void;
  close(): Promise<void>;
}

export async function startReceiver(
  options: {
    readonly tls?: { readonly key: string; readonly cert: string };
    readonly port?: number;
    /** @default loopback */
    readonly address?: string;
  } = {},
): Promise<TestReceiver> {
  const received: Received[] = [];
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    let body: string;
    try {
      body = await text(request);
    } catch (error) {
      // A sender that goes away in the middle is one of the cases. Anything else is a mistake of the test.
      if (request.complete) throw error;
      return;
    }
    received.push({ path: request.url ?? '', headers: request.headers, body });
    receiver.answer(response, request);
  };
  const onRequest = (request: IncomingMessage, response: ServerResponse) => void handle(request, response);
  const server = options.tls ? createTlsServer(options.tls, onRequest) : createServer(onRequest);
  server.listen(options.port ?? 0, options.address ?? '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const receiver: TestReceiver = {
    url: `${options.tls ? 'https' : 'http'}://${options.address ?? 'localhost'}:${port}/hook/s3cr3t`,
    received,
    answer: (response) => response.end(),
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  return receiver;
}
