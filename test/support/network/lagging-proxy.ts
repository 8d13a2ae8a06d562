/** A proxy in front of an apiserver that can withhold the events of watches: the caches behind it lag, all else works. */
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { Agent, request as send } from 'undici';
import type { Apiserver } from '../apiserver/apiserver.ts';

export interface LaggingProxy {
  /** On loopback, with the certificate of the apiserver. */
  readonly port: number;
  /** From the next matching request on, and before it is forwarded, watches of these paths deliver nothing. */
  lagFrom(request: Trigger, watched: readonly string[]): void;
  /** Resolves with the time in epoch milliseconds once that request has come. */
  readonly lagging: Promise<number>;
  /** Delivers what was withheld. */
  catchUp(): void;
  close(): Promise<void>;
}

interface Trigger {
  readonly method: 'POST' | 'PATCH' | 'DELETE';
  readonly path: RegExp;
}

interface Lag {
  readonly trigger: Trigger;
  readonly watched: readonly string[];
  readonly began: PromiseWithResolvers<number>;
  readonly over: PromiseWithResolvers<void>;
  isOn: boolean;
}

export async function startLaggingProxy(apiserver: Apiserver): Promise<LaggingProxy> {
  const certificates = dirname(apiserver.caFile);
  const [ca, cert, key] = await Promise.all(
    [apiserver.caFile, join(certificates, 'apiserver.crt'), join(certificates, 'apiserver.key')].map(
      async (file) => readFile(file, 'utf8'),
    ),
  );
  const agent = new Agent({ connect: { ca: ca ?? '' }, bodyTimeout: 0, headersTimeout: 0 });
  let lag: Lag | undefined;

  const isWithheld = (path: string): boolean =>
    lag?.isOn === true && path.includes('watch=') && lag.watched.some((part) => path.includes(part));

  async function forward(asked: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = 'GET', url: path = '/' } = asked;
    if (lag && !lag.isOn && method === lag.trigger.method && lag.trigger.path.test(path)) {
      lag.isOn = true;
      lag.began.resolve(Date.now());
    }
    const gone = new AbortController();
    response.on('close', () => gone.abort());
    const { connection: _, host: __, ...headers } = asked.headers;
    const answer = await send(apiserver.url + path, {
      method: method as 'GET',
      dispatcher: agent,
      headers,
      body: method === 'GET' ? null : asked,
      signal: gone.signal,
    });
    const { 'transfer-encoding': ___, ...answered } = answer.headers;
    response.writeHead(answer.statusCode, answered);
    response.flushHeaders();
    for await (const chunk of answer.body) {
      if (isWithheld(path)) await lag?.over.promise;
      response.write(chunk);
    }
    response.end();
  }

  const server = createServer({ cert: cert ?? '', key: key ?? '' }, (asked, response) => {
    // A failure behind the proxy is a failure for the client too.
    forward(asked, response).catch(() => response.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    lagFrom(trigger, watched) {
      const [began, over] = [Promise.withResolvers<number>(), Promise.withResolvers<void>()];
      lag = { trigger, watched, began, over, isOn: false };
    },
    get lagging() {
      if (!lag) throw new Error('nothing was to lag');
      return lag.began.promise;
    },
    catchUp() {
      lag?.over.resolve();
      lag = undefined;
    },
    async close() {
      lag?.over.resolve();
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
      await agent.destroy();
    },
  };
}
