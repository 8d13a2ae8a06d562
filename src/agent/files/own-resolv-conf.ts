/** The resolv.conf of this very pod: what the running kubelet gives to a pod with the DNS policy of CoreDNS. */
import { readFileSync, statSync } from 'node:fs';

export const OWN_RESOLV_CONF = '/etc/resolv.conf';

export interface OwnResolvConf {
  readonly text: string;
  /** The runtime writes it once, when it creates the sandbox; by the node's clock. */
  readonly writtenAtMs: number;
}

/** undefined if there is none. */
export function readOwnResolvConf(path = OWN_RESOLV_CONF): OwnResolvConf | undefined {
  try {
    return { text: readFileSync(path, 'utf8'), writtenAtMs: statSync(path).mtimeMs };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
