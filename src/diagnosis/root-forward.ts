/** Finds where a Corefile forwards queries for ".", which the loop causes depend on. */
import type { Corefile, ServerBlock } from './corefile.ts';
import { isSelf, parseIp } from './ip-address.ts';

export interface RootForward {
  /** Every upstream for ".", as written. */
  readonly targets: readonly string[];
  /** One of them is the pod's /etc/resolv.conf, which the kubelet writes. */
  readonly usesPodResolvConf: boolean;
  /** Literal upstreams that are the pod itself or the cluster DNS. */
  readonly selfTargets: readonly string[];
  /** Files that the block imports; their content is unknown. */
  readonly imports: readonly string[];
}

export const POD_RESOLV_CONF = '/etc/resolv.conf';
/** `proxy` is the predecessor of `forward`, up to CoreDNS 1.4. */
export const FORWARDERS: readonly string[] = ['forward', 'proxy'];

/** Null if no server block serves ".". */
export function rootForward(corefile: Corefile, selfAddresses: readonly string[]): RootForward | null {
  const blocks = rootBlocks(corefile);
  if (blocks.length === 0) return null;
  const directives = blocks.flatMap((block) => block.directives);
  const targets = directives
    .filter(({ name, args }) => FORWARDERS.includes(name) && args[0] === '.')
    .flatMap(({ args }) => args.slice(1));
  return {
    targets,
    usesPodResolvConf: targets.includes(POD_RESOLV_CONF),
    selfTargets: targets.filter((target) => leadsToSelf(target, selfAddresses)),
    imports: blocks.flatMap((block) => block.imports),
  };
}

/** Plain DNS on port 53 first: a nameserver line does not reach a block for DNS over TLS beside it. */
function rootBlocks(corefile: Corefile): readonly ServerBlock[] {
  const serving = (wanted: (scheme: string, port: number | null) => boolean) =>
    corefile.blocks.filter((block) =>
      block.addresses.some(({ zone, scheme, port }) => zone === '.' && wanted(scheme, port)),
    );
  const ordinary = serving((scheme, port) => scheme === 'dns' && port === 53);
  return ordinary.length > 0 ? ordinary : serving(() => true);
}

/** `127.0.0.1`, `127.0.0.1:5300`, `dns://[::1]:53`, `tls://10.96.0.10`. */
function leadsToSelf(target: string, selfAddresses: readonly string[]): boolean {
  const endpoint = target.replace(/^[a-z0-9]+:\/\//i, '');
  const host =
    /^\[([^\]]+)\](?::\d+)?$/.exec(endpoint)?.[1] ??
    (parseIp(endpoint) ? endpoint : endpoint.replace(/:\d+$/, ''));
  if (host.toLowerCase() === 'localhost') return true;
  const address = parseIp(host);
  if (!address) return false;
  return isSelf(address) || selfAddresses.some((self) => parseIp(self)?.canonical === address.canonical);
}
