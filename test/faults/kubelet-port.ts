/** The port of a kubelet: responds while the kubelet of that address runs. */
import { createServer, type Server } from 'node:tls';

const PORT = 10250;

export interface Certificate {
  readonly key: string;
  readonly cert: string;
}

/** Every node has an address of its own, in 127.0.0.0/8. */
export async function serveKubelet(
  address: string,
  certificate: Certificate,
  isUp: () => boolean,
): Promise<{ readonly close: () => void }> {
  const server: Server = createServer(certificate, (socket) => {
    socket.on('error', () => socket.destroy());
    socket.once('data', () =>
      socket.end('HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\nconnection: close\r\n\r\n'),
    );
  });
  server.on('connection', (socket) => {
    if (!isUp()) socket.destroy();
  });
  // A killed agent breaks off its handshake.
  server.on('tlsClientError', (_error, socket) => socket.destroy());
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(PORT, address, resolve);
  });
  return { close: () => server.close() };
}
