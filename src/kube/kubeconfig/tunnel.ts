/** A connection through an HTTP proxy: CONNECT, and inside it whatever the server speaks. */
import { request } from 'node:http';
import { isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { type Dial, dialDirectly, withoutBrackets } from '../wire/dial.ts';

/** Not undici's ProxyAgent: a leader's writes need the TCP connection itself, to reset it when the lease is lost. */
export function dialThrough(proxy: URL): Dial {
  const isTls = proxy.protocol === 'https:';
  const host = withoutBrackets(proxy.hostname);
  const port = Number(proxy.port || (isTls ? 443 : 80));
  return async (targetHost, targetPort, timeoutMs) => {
    const target = `${targetHost.includes(':') ? `[${targetHost}]` : targetHost}:${targetPort}`;
    let tcp: Socket | undefined;
    let isLate = false;
    const limit = setTimeout(() => {
      isLate = true;
      tcp?.destroy();
    }, timeoutMs);
    try {
      ({ tcp } = await dialDirectly(host, port, timeoutMs));
      const toProxy = isTls ? await overTls(tcp, host) : tcp;
      return { tcp, stream: await tunnel(toProxy, proxy, target) };
    } catch (error) {
      tcp?.destroy();
      const why = isLate ? `no tunnel within ${timeoutMs} ms` : (error as Error).message;
      // Not the URL, which may hold a password.
      throw new Error(`proxy ${proxy.host}: ${why}`, { cause: error });
    } finally {
      clearTimeout(limit);
    }
  };
}

// Not events.once: it stops listening for errors when it is done, and the next one would end the process.
const overTls = async (socket: Socket, host: string): Promise<Socket> =>
  new Promise((resolve, reject) => {
    const secure = connectTls({ socket, host, ...(isIP(host) ? {} : { servername: host }) });
    secure.on('error', reject);
    secure.once('secureConnect', () => resolve(secure));
  });

const tunnel = async (toProxy: Socket, proxy: URL, target: string): Promise<Socket> =>
  new Promise((resolve, reject) => {
    const asked = request({
      method: 'CONNECT',
      path: target,
      headers: { host: target, ...authorization(proxy) },
      createConnection: () => toProxy,
    });
    asked.on('error', reject);
    asked.once('connect', ({ statusCode, statusMessage }, stream: Socket) => {
      if (statusCode === 200) resolve(stream);
      else reject(new Error(`CONNECT ${target} was refused: ${statusCode} ${statusMessage}`));
    });
    asked.end();
  });

function authorization({ username, password }: URL): Readonly<Record<string, string>> {
  if (!username) return {};
  const user = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return { 'proxy-authorization': `Basic ${Buffer.from(user).toString('base64')}` };
}
