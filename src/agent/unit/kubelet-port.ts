/** Checks whether the kubelet's port responds. Any HTTP response counts, 401 as well; no credentials are sent. */
import { isIPv6 } from 'node:net';

const PORT = 10250;
const TIMEOUT_MS = 1_000;

export async function kubeletServes(nodeIP: string): Promise<boolean> {
  // Loaded on demand: only a repair that knows the node's address asks.
  const { request } = await import('node:https');
  return new Promise((resolve) => {
    const asked = request(
      {
        host: nodeIP,
        port: PORT,
        path: '/healthz',
        method: 'GET',
        // The kubelet's certificate is self-signed by default, and nothing depends on its identity here.
        rejectUnauthorized: false,
        agent: false,
        timeout: TIMEOUT_MS,
        headers: { host: `${isIPv6(nodeIP) ? `[${nodeIP}]` : nodeIP}:${PORT}`, connection: 'close' },
      },
      (response) => {
        response.resume();
        resolve(true);
      },
    );
    asked.once('timeout', () => asked.destroy());
    asked.once('error', () => resolve(false));
    asked.once('close', () => resolve(false));
    asked.end();
  });
}
