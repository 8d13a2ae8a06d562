/** A proxy between a client and an apiserver that forwards requests, or answers them itself as a test wants. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Agent, request as send } from 'undici';
import type { Apiserver } from '../apiserver/apiserver.ts';

export interface HttpProxy {
  readonly url: string;
  /** Ends open watches and answers every request with this until `pass`. */
  refuse(code: number, headers?: Readonly<Record<string, string>>): void;
  pass(): void;
  /** Sends an extra line inside every open watch. */
  inject(event: object): void;
  /** How many requests were refused. */
  readonly refused: number;
  close(): Promise<void>;
}

/** Plain HTTP/1.1 to the client: the tests are about the content of the answers, not about the protocol. */
export async function startHttpProxy(apiserver: Apiserver, ca: string): Promise<HttpProxy> {
  const agent = new Agent({ connect: { ca }, bodyTimeout: 0 });
  const watches = new Set<ServerResponse>();
  let refusal: { readonly code: number; readonly headers: Readonly<Record<string, string>> } | undefined;
  let refused = 0;

  async function answer(asked: IncomingMessage, response: ServerResponse): Promise<void> {
    if (refusal) {
      refused++;
      response.writeHead(refusal.code, { 'content-type': 'application/json', ...refusal.headers });
      const status = {
        kind: 'Status',
        apiVersion: 'v1',
        code: refusal.code,
        message: 'refused by the test',
      };
      response.end(JSON.stringify(status));
      return;
    }
    const gone = new AbortController();
    response.on('close', () => gone.abort());
    const { authorization = '', accept = '*/*' } = asked.headers;
    const { statusCode, headers, body } = await send(apiserver.url + (asked.url ?? '/'), {
      dispatcher: agent,
      headers: { authorization, accept },
      signal: gone.signal,
    });
    response.writeHead(statusCode, { 'content-type': String(headers['content-type']) });
    response.flushHeaders();
    if (asked.url?.includes('watch=true')) watches.add(response);
    response.on('close', () => watches.delete(response));
    for await (const chunk of body) response.write(chunk);
    response.end();
  }

  const server = createServer((asked, response) => {
    // A failure behind the proxy is a failure for the client too.
    answer(asked, response).catch(() => response.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    refuse(code, headers = {}) {
      refusal = { code, headers };
      for (const watch of watches) watch.end();
    },
    pass() {
      refusal = undefined;
    },
    inject(event) {
      for (const watch of watches) watch.write(`${JSON.stringify(event)}\n`);
    },
    get refused() {
      return refused;
    },
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
      await agent.destroy();
    },
  };
}
