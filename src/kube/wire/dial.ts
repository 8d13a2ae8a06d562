/** Opens the TCP connection to the API server; outside a cluster it may lead through a proxy instead. */
import { connect, type Socket } from 'node:net';

export interface Dialled {
  /** The connection itself, which can be reset. */
  readonly tcp: Socket;
  /** What leads to the server: the same socket, or the tunnel inside it. */
  readonly stream: Socket;
}

/** @param host name or address; an IPv6 address without brackets */
export type Dial = (host: string, port: number, timeoutMs: number) => Promise<Dialled>;

export const dialDirectly: Dial = async (host, port, timeoutMs) =>
  new Promise((resolve, reject) => {
    const tcp = connect({ host, port, noDelay: true });
    tcp.once('error', reject);
    tcp.setTimeout(timeoutMs, () => tcp.destroy(new Error(`no connection within ${timeoutMs} ms`)));
    tcp.once('connect', () => {
      tcp.off('error', reject);
      tcp.setTimeout(0);
      resolve({ tcp, stream: tcp });
    });
  });

/** In a URL an IPv6 address has brackets. */
export const withoutBrackets = (hostname: string): string => hostname.replace(/^\[(.*)\]$/, '$1');
