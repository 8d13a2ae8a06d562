/** Follows a query for "." through the server blocks of a Corefile, which the loop causes depend on. */
import type { Corefile, ServerBlock } from './corefile.ts';
import { parseEndpoint, type Scheme } from './endpoint.ts';
import { isSelf, parseIp } from './ip-address.ts';

/** Why it cannot be known where a query goes. */
export type Unseen =
  /** The part of the Corefile that decides is imported. */
  | { readonly kind: 'import'; readonly files: readonly string[] }
  /** An environment variable decides. */
  | { readonly kind: 'variable'; readonly text: string }
  /** No server block of this Corefile listens there, so another container of the pod does, or an imported block. */
  | { readonly kind: 'other-program'; readonly target: string }
  | { readonly kind: 'no-forward' }
  /** Several blocks serve ".", and only some of them lead to the pod's resolv.conf. */
  | { readonly kind: 'several-blocks' };

export interface RootForward {
  /** Every upstream for ".", as written. */
  readonly targets: readonly string[];
  /** The query reaches the pod's /etc/resolv.conf, which the kubelet writes, maybe through other blocks. */
  readonly usesPodResolvConf: boolean;
  /** Upstreams that are the pod itself or the cluster DNS; `a -> b` if another block is on the way. */
  readonly selfTargets: readonly string[];
  /** Ports of other blocks on the way. */
  readonly ports: readonly number[];
  /** Empty if it is certain where a query goes. */
  readonly unseen: readonly Unseen[];
}

export const POD_RESOLV_CONF = '/etc/resolv.conf';
/** In the order in which CoreDNS runs them. `proxy` is the predecessor of `forward`, up to CoreDNS 1.4. */
export const FORWARDERS: readonly string[] = ['forward', 'proxy'];

/** Where one upstream leads. */
type End =
  | { readonly kind: 'pod-resolv-conf' }
  | { readonly kind: 'self'; readonly path: string }
  | { readonly kind: 'elsewhere' }
  | { readonly kind: 'port'; readonly port: number }
  | { readonly kind: 'unseen'; readonly unseen: Unseen };

interface Route {
  readonly corefile: Corefile;
  readonly pod: readonly string[];
  readonly clusterDNS: readonly string[];
  /** Where the query arrived first. */
  readonly start: { readonly port: number; readonly blocks: readonly ServerBlock[] };
  readonly visited: readonly ServerBlock[];
  /** The upstreams that led here, as written. */
  readonly path: readonly string[];
}

export interface SelfAddresses {
  readonly pod: readonly string[];
  readonly clusterDNS: readonly string[];
}

/**
 * @param port where the query arrives; without it, 53 if a block listens there, otherwise any
 * @returns null if no server block serves "." there
 */
export function rootForward(corefile: Corefile, self: SelfAddresses, port?: number): RootForward | null {
  const { blocks, unseen } = rootBlocks(corefile, port);
  if (blocks.length === 0 && unseen.length === 0) return null;
  const start = { port: port ?? DNS_PORT, blocks };
  const route = { corefile, ...self, start, visited: blocks, path: [] };
  const ends = blocks.map((block) => follow(block, route));
  const all = ends.flat();
  const leads = ends.filter((list) => list.some(({ kind }) => kind === 'pod-resolv-conf'));
  const isSplit = leads.length > 0 && leads.length < ends.length;
  return {
    targets: blocks.flatMap((block) => forwarder(block)?.args.slice(1) ?? []),
    usesPodResolvConf: leads.length > 0,
    selfTargets: all.flatMap((end) => (end.kind === 'self' ? [end.path] : [])),
    ports: all.flatMap((end) => (end.kind === 'port' ? [end.port] : [])),
    unseen: [
      ...unseen,
      ...(isSplit ? [{ kind: 'several-blocks' } as const] : []),
      ...all.flatMap((end) => (end.kind === 'unseen' ? [end.unseen] : [])),
    ],
  };
}

const DNS_PORT = 53;

/** Plain DNS only: a nameserver line does not reach a block for DNS over TLS beside it. */
export function rootBlocks(
  corefile: Corefile,
  port: number | undefined,
): { readonly blocks: readonly ServerBlock[]; readonly unseen: readonly Unseen[] } {
  const seen = (blocks: readonly ServerBlock[]) => ({ blocks, unseen: [] });
  const exact = serving(corefile, '.', 'dns', port ?? DNS_PORT);
  if (exact.length > 0) return seen(exact);
  const anyPort = serving(corefile, '.');
  if (port === undefined && anyPort.length > 0) return seen(anyPort);
  // A key with a variable may be the one. If CoreDNS listens there and nothing else can be meant, it is.
  const unseen = [...importsOf(corefile.imports), ...variableZones(corefile, port)];
  return { blocks: serving(corefile, '.', 'dns', null), unseen };
}

function serving(
  { blocks }: Corefile,
  zone: string,
  scheme?: Scheme,
  port?: number | null,
): readonly ServerBlock[] {
  return blocks.filter(({ addresses }) =>
    addresses.some(
      (address) =>
        address.zone === zone &&
        (scheme === undefined || address.scheme === scheme) &&
        (port === undefined || address.port === port),
    ),
  );
}

const importsOf = (files: readonly string[]): readonly Unseen[] =>
  files.length === 0 ? [] : [{ kind: 'import', files }];

function variableZones({ blocks }: Corefile, port: number | undefined): readonly Unseen[] {
  return blocks
    .flatMap(({ addresses }) => addresses)
    .filter((address) => address.zone === null && [port ?? DNS_PORT, null].includes(address.port))
    .map(({ text }) => ({ kind: 'variable', text }));
}

/** The directive that a query for "." meets first. */
function forwarder({ directives }: ServerBlock) {
  const matching = directives.filter(
    ({ name, args }) => FORWARDERS.includes(name) && (args[0] === '.' || isVariable(args[0] ?? '')),
  );
  return FORWARDERS.map((name) => matching.find((directive) => directive.name === name)).find(Boolean);
}

const isVariable = (text: string): boolean => text.includes('{');

function follow(block: ServerBlock, route: Route): readonly End[] {
  const directive = forwarder(block);
  const [zone = '', ...targets] = directive?.args ?? [];
  if (isVariable(zone)) return [unseen({ kind: 'variable', text: zone })];
  if (directive) return targets.flatMap((target) => followTarget(target, route));
  const variable = block.directives.find(({ name }) => isVariable(name));
  if (variable) return [unseen({ kind: 'variable', text: variable.name })];
  return block.imports.length > 0 ? importsOf(block.imports).map(unseen) : [unseen({ kind: 'no-forward' })];
}

const unseen = (what: Unseen): End => ({ kind: 'unseen', unseen: what });

function followTarget(target: string, route: Route): readonly End[] {
  if (isVariable(target)) return [unseen({ kind: 'variable', text: target })];
  if (target === POD_RESOLV_CONF) return [{ kind: 'pod-resolv-conf' }];
  const { scheme, host, port } = parseEndpoint(target);
  const path = [...route.path, target];
  const self: End = { kind: 'self', path: path.join(' -> ') };
  if (isOneOf(host, route.clusterDNS)) return [self];
  const address = parseIp(host);
  const isOwn = host === 'localhost' || (address && isSelf(address)) || isOneOf(host, route.pod);
  if (!isOwn) return [{ kind: 'elsewhere' }];

  const { start, corefile, visited } = route;
  const isStart = scheme === 'dns' && port === start.port;
  if (isStart && start.blocks.some((block) => listensAt(block, host))) return [self];
  const blocks =
    port === null ? [] : serving(corefile, '.', scheme, port).filter((block) => listensAt(block, host));
  if (port === null || blocks.length === 0) return [unseen({ kind: 'other-program', target })];
  return [
    { kind: 'port', port },
    ...blocks.flatMap((block) =>
      visited.includes(block) ? [self] : follow(block, { ...route, path, visited: [...visited, block] }),
    ),
  ];
}

function isOneOf(host: string, list: readonly string[]): boolean {
  const address = parseIp(host);
  return address !== undefined && list.some((one) => parseIp(one)?.canonical === address.canonical);
}

/** Without `bind` on every address. What is not an address there is the name of an interface, which may have any. */
function listensAt({ directives }: ServerBlock, host: string): boolean {
  const bound = directives.flatMap(({ name, args }) => (name === 'bind' ? args : []));
  if (bound.length === 0) return true;
  const wanted = parseIp(host === 'localhost' ? '127.0.0.1' : host);
  return bound.some((text) => {
    const address = parseIp(text);
    return !address || address.kind === 'unspecified' || !wanted || address.canonical === wanted.canonical;
  });
}
