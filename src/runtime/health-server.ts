/** The HTTP server for probes and metrics: /healthz, /readyz and /metrics. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Logger } from './logger.ts';

export type Verdict =
  | { readonly ok: true; readonly text?: string }
  | { readonly ok: false; readonly text: string };

/** Synchronous, so that a probe can never hang on what it checks. */
export interface Check {
  readonly name: string;
  check(): Verdict;
}

interface HealthServerOptions {
  readonly port: number;
  /** @default all addresses */
  readonly host?: string;
  /** A failure restarts the process, so only what a restart would fix belongs here. */
  readonly liveness: readonly Check[];
  /** A failure means that the process cannot do its work at present; the text says why. */
  readonly readiness: readonly Check[];
  readonly metrics: { scrape(): Promise<{ readonly contentType: string; readonly text: string }> };
  readonly logger: Logger;
}

export interface HealthServer {
  readonly port: number;
  close(): Promise<void>;
}

export async function startHealthServer(options: HealthServerOptions): Promise<HealthServer> {
  const { logger } = options;
  const server = createServer((request, response) => {
    answer(options, request, response).catch((error: unknown) => {
      logger.error('probe failed', { error, path: request.url });
      if (!response.headersSent) response.writeHead(500, { 'content-type': 'text/plain' });
      response.end('internal error\n');
    });
  });
  // A client that is slow to send its request must not hold a connection forever.
  server.requestTimeout = 5_000;
  await listen(server, options.port, options.host);
  const { port } = server.address() as AddressInfo;
  return {
    port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function answer(
  options: HealthServerOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const path = (request.url ?? '/').split('?')[0];
  if (request.method !== 'GET' && request.method !== 'HEAD')
    return send(response, 405, 'method not allowed\n');
  switch (path) {
    case '/healthz':
    case '/livez':
      return report(response, options.liveness);
    case '/readyz':
      return report(response, options.readiness);
    case '/metrics': {
      const { contentType, text } = await options.metrics.scrape();
      return send(response, 200, text, contentType);
    }
    default:
      return send(response, 404, 'not found\n');
  }
}

/** The format of the API server's own probes: `[+]name ok`, `[-]name failed: why`. */
function report(response: ServerResponse, checks: readonly Check[]): void {
  const verdicts = checks.map((check) => ({ name: check.name, verdict: ask(check) }));
  const lines = verdicts.map(({ name, verdict }) =>
    verdict.ok
      ? `[+]${name} ok${verdict.text ? `: ${verdict.text}` : ''}`
      : `[-]${name} failed: ${verdict.text}`,
  );
  const ok = verdicts.every(({ verdict }) => verdict.ok);
  send(response, ok ? 200 : 500, `${[...lines, ok ? 'ok' : 'failed'].join('\n')}\n`);
}

function ask(check: Check): Verdict {
  try {
    return check.check();
  } catch (error) {
    return { ok: false, text: error instanceof Error ? error.message : String(error) };
  }
}

function send(response: ServerResponse, status: number, text: string, contentType = 'text/plain'): void {
  response.writeHead(status, { 'content-type': contentType, 'cache-control': 'no-store' });
  response.end(text);
}

async function listen(server: Server, port: number, host: string | undefined): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
}
