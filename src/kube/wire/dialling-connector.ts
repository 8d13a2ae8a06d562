/** undici's connector over a connection that is opened elsewhere: a plain socket, or a tunnel through a proxy. */
import type { buildConnector } from 'undici';
import { type Dial, type Dialled, withoutBrackets } from './dial.ts';
import { connector } from './http-agent.ts';

type DiallingOptions = buildConnector.BuildOptions & {
  readonly dial: Dial;
  /** For the connection, and then for TLS. */
  readonly timeout: number;
  /** Called with each connection before anything is sent over it. */
  readonly onDialled?: (dialled: Dialled) => void;
};

export function diallingConnector(options: DiallingOptions): buildConnector.connector {
  const { dial, onDialled, ...tls } = options;
  const overTls = connector(tls);

  async function open(target: buildConnector.Options, callback: buildConnector.Callback): Promise<void> {
    const isTls = target.protocol === 'https:';
    const port = Number(target.port || (isTls ? 443 : 80));
    let dialled: Dialled;
    try {
      dialled = await dial(withoutBrackets(target.hostname), port, options.timeout);
    } catch (error) {
      callback(error as Error, null);
      return;
    }
    onDialled?.(dialled);
    if (isTls) overTls({ ...target, httpSocket: dialled.stream }, callback);
    else callback(null, dialled.stream);
  }

  return (target, callback) => void open(target, callback);
}
