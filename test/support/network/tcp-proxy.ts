/** A proxy between a client and a server that forwards bytes unchanged, TLS included, until a test breaks it. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export interface TcpProxy {
  readonly port: number;
  /** Connections of clients: now, and since the start. */
  readonly connections: { readonly open: number; readonly opened: number };
  /** Bytes that the clients were sent since the start. */
  readonly sent: number;
  /** Resets all connections, as a load balancer does when it fails over; new ones pass. */
  reset(): void;
  /** Like `reset`, and resets new connections too until `up`. */
  down(): void;
  up(): void;
  close(): Promise<void>;
}

/** @param target a port on loopback, or the path of a socket */
export async function startTcpProxy(target: number | string): Promise<TcpProxy> {
  const open = new Set<Socket>();
  let isDown = false;
  let clients = 0;
  let opened = 0;
  let sent = 0;
  const server = createServer((socket) => {
    opened += 1;
    clients += 1;
    socket.on('close', () => {
      clients -= 1;
    });
    if (isDown) {
      socket.resetAndDestroy();
      return;
    }
    const other = typeof target === 'number' ? connect(target, '127.0.0.1') : connect(target);
    other.on('data', (bytes: Buffer) => {
      sent += bytes.length;
    });
    for (const [end, far] of [
      [socket, other],
      [other, socket],
    ] as const) {
      open.add(end);
      end.pipe(far);
      // Caused by the test, or the server has gone: either way the other side gets a reset.
      end.on('error', () => far.resetAndDestroy());
      end.on('close', () => {
        open.delete(end);
        far.destroy();
      });
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const reset = (): void => {
    for (const socket of open) socket.resetAndDestroy();
  };
  return {
    port: (server.address() as AddressInfo).port,
    get connections() {
      return { open: clients, opened };
    },
    get sent() {
      return sent;
    },
    reset,
    down() {
      isDown = true;
      reset();
    },
    up() {
      isDown = false;
    },
    async close() {
      reset();
      server.close();
      await once(server, 'close');
    },
  };
}
