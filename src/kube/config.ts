/** Where the API server is and how to log in; read again while the process runs, because tokens and CAs rotate. */
import type { Dial } from './wire/dial.ts';

export interface TlsMaterial {
  readonly ca?: string | Buffer;
  readonly cert?: string | Buffer;
  readonly key?: string | Buffer;
  readonly servername?: string;
  readonly rejectUnauthorized?: boolean;
}

export interface Credentials {
  /** The same object as long as nothing changed: another object means new connections. */
  readonly tls: TlsMaterial;
  /** Value of the Authorization header. */
  readonly authorization?: string;
  /** Value of the Impersonate-User header. */
  readonly impersonateUser?: string;
}

export interface ClusterConfig {
  /** For example "https://10.96.0.1:443", without a trailing slash; may have a path. */
  readonly server: string;
  /** How to reach the server through a proxy. @default a direct connection */
  readonly dial?: Dial;
  /**
   * Cheap: called before every request.
   * @throws LoginError
   */
  credentials(): Promise<Credentials>;
  /** The server or its certificate was refused: the next call of `credentials` reads everything again. */
  invalidate(): void;
}

/** No credentials could be obtained; the message says why. */
export class LoginError extends Error {
  override readonly name = 'LoginError';
}

/** For callers that already have credentials which do not change. */
export function staticConfig(server: string, credentials: Credentials): ClusterConfig {
  return {
    server: server.replace(/\/+$/, ''),
    credentials: () => Promise.resolve(credentials),
    invalidate: () => {},
  };
}
