/** An HTTP proxy that only tunnels: every CONNECT leads to one server, whatever name the client asks for. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';

export interface ConnectProxy {
  readonly port: number;
  /** One for each tunnel: "CONNECT api.example:6443", followed by the Proxy-Authorization header if there was one. */
  readonly asked: readonly string[];
  /** Connections that the client has reset. */
  readonly resets: number;
  /** Answers every further CONNECT with this status instead of a tunnel. */
  refuse(code: number): void;
  close(): Promise<void>;
}

/**
 * @param targetPort on loopback
 * @param server a TLS server makes it an HTTPS proxy. @default plain HTTP
 */
export async function startConnectProxy(
  targetPort: number,
  server: Server = createServer(),
): Promise<ConnectProxy> {
  const asked: string[] = [];
  const open = new Set<Socket>();
  let refusal: number | undefined;
  let resets = 0;
  server.on('connect', ({ url, headers }: IncomingMessage, client: Socket) => {
    asked.push(['CONNECT', url, headers['proxy-authorization']].filter(Boolean).join(' '));
    if (refusal !== undefined) {
      client.end(`HTTP/1.1 ${refusal} Refused\r\n\r\n`);
      return;
    }
    client.on('error', (error) => {
      if (Reflect.get(error, 'code') === 'ECONNRESET') resets++;
    });
    const target = connect(targetPort, '127.0.0.1');
    for (const [end, far] of [
      [client, target],
      [target, client],
    ] as const) {
      open.add(end);
      end.pipe(far);
      end.on('error', () => far.destroy());
      end.on('close', () => {
        open.delete(end);
        far.destroy();
      });
    }
    client.write('HTTP/1.1 200 Connection established\r\n\r\n');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    asked,
    get resets() {
      return resets;
    },
    refuse(code) {
      refusal = code;
    },
    async close() {
      for (const socket of open) socket.destroy();
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
