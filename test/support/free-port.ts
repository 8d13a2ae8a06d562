/** Ports for the servers that tests start. */
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:net';

/** Below the range from which Linux takes the ports of clients: one of those could be taken before the server listens. */
const LOWEST = 12_000;
const HIGHEST = 30_000;

/** So many different ports on which nobody listens. Two who ask at the same time hardly ever draw the same one out of 18,000. */
export async function freePorts(count: number): Promise<readonly number[]> {
  const servers: Server[] = [];
  const ports: number[] = [];
  // Each is kept until all are known, so that no two are the same.
  while (ports.length < count) {
    const port = randomInt(LOWEST, HIGHEST);
    const server = createServer();
    if (!(await listens(server, port))) continue;
    servers.push(server);
    ports.push(port);
  }
  await Promise.all(servers.map(async (server) => once(server.close(), 'close')));
  return ports;
}

async function listens(server: Server, port: number): Promise<boolean> {
  try {
    await once(server.listen(port, '127.0.0.1'), 'listening');
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE') return false;
    throw error;
  }
}
