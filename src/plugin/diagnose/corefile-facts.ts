/** What a Corefile says of how its DNS pod can be asked: ports, the cluster's domain, the servers that it names. Pure. */
import { parseCorefile } from '../../diagnosis/corefile.ts';
import { parseEndpoint } from '../../diagnosis/endpoint.ts';
import { FORWARDERS, POD_RESOLV_CONF } from '../../diagnosis/root-forward.ts';

export interface CorefileFacts {
  readonly clusterDomain: string;
  readonly dnsPort: number;
  readonly metricsPort: number;
  /** Upstreams that are named in it, by address. */
  readonly named: readonly string[];
  /** One of its forwards asks the servers of the pod's own /etc/resolv.conf. */
  readonly usesPodResolvConf: boolean;
}

/** @param text undefined if it could not be read: the usual values */
export function corefileFacts(text: string | undefined): CorefileFacts {
  const parsed = text === undefined ? undefined : parseCorefile(text);
  const blocks = parsed?.kind === 'corefile' ? parsed.blocks : [];
  const directives = blocks.flatMap((block) => block.directives);
  const argsOf = (...names: readonly string[]): readonly string[] =>
    directives.filter(({ name }) => names.includes(name)).flatMap(({ args }) => args);
  const root = blocks
    .flatMap(({ addresses }) => addresses)
    .find(({ zone, scheme }) => zone === '.' && scheme === 'dns');
  const zone = argsOf('kubernetes').find((name) => !/\.arpa\.?$/.test(name) && /^[\w.-]+$/.test(name));
  const targets = argsOf(...FORWARDERS);
  return {
    clusterDomain: zone?.replace(/\.$/, '') ?? 'cluster.local',
    dnsPort: root?.port ?? 53,
    metricsPort: Number(/:(\d+)$/.exec(argsOf('prometheus')[0] ?? '')?.[1] ?? 9153),
    named: targets.map((target) => parseEndpoint(target).host),
    usesPodResolvConf: targets.includes(POD_RESOLV_CONF),
  };
}
