/** How the API server is reached and as whom; read again while the process runs, because tokens and CAs rotate. */

export interface TlsMaterial {
  readonly ca?: string | Buffer;
  readonly cert?: string | Buffer;
  readonly key?: string | Buffer;
  readonly passphrase?: string;
  readonly servername?: string;
  readonly rejectUnauthorized?: boolean;
}

export interface Credentials {
  /** The same object as long as nothing changed: a new one means new connections. */
  readonly tls: TlsMaterial;
  /** Value of the Authorization header. */
  readonly authorization?: string;
}

export interface ClusterConfig {
  /** For example "https://10.96.0.1:443", without a slash at the end; may carry a path. */
  readonly server: string;
  /** The namespace of this process, if it has one. */
  readonly namespace?: string;
  /** Cheap: called before every request. */
  credentials(): Promise<Credentials>;
  /** The server or its certificate was refused: the next `credentials` reads everything again. */
  invalidate(): void;
}

/** For tests and for programs that were handed what they need. */
export function staticConfig(server: string, credentials: Credentials): ClusterConfig {
  return {
    server: server.replace(/\/+$/, ''),
    credentials: () => Promise.resolve(credentials),
    invalidate: () => {},
  };
}
