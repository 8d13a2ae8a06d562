/** Which proxy leads to a server: the kubeconfig's, or that of the environment by Go's rules, which are kubectl's. */
import { BlockList, isIP } from 'node:net';
import { withoutBrackets } from '../wire/dial.ts';
import type { Environment } from './kubeconfig-files.ts';

/**
 * @param configured `proxy-url` of the cluster: used whatever the environment says
 * @throws Error for a proxy that is not HTTP or HTTPS
 */
export function proxyFor(server: URL, configured: string | undefined, env: Environment): URL | undefined {
  if (configured) return parseProxy(configured, 'proxy-url');
  const name = server.protocol === 'http:' ? 'HTTP_PROXY' : 'HTTPS_PROXY';
  const value = env[name] || env[name.toLowerCase()];
  if (!value || isExempt(server, env['NO_PROXY'] || env['no_proxy'] || '')) return undefined;
  return parseProxy(value.includes('://') ? value : `http://${value}`, name);
}

function parseProxy(value: string, where: string): URL {
  const url = URL.parse(value);
  if (url?.protocol === 'http:' || url?.protocol === 'https:') return url;
  // Not the whole value: it may hold a password.
  throw new Error(
    `${where}: only http:// and https:// proxies are supported${url ? `, not ${url.protocol}` : ''}`,
  );
}

/** A loopback server is never reached through a proxy of the environment. */
function isExempt(server: URL, noProxy: string): boolean {
  const host = withoutBrackets(server.hostname);
  const port = server.port || (server.protocol === 'http:' ? '80' : '443');
  if (host === 'localhost' || (isIP(host) && LOOPBACK.check(host, family(host)))) return true;
  return noProxy
    .toLowerCase()
    .split(',')
    .map((entry) => entry.trim())
    .some((entry) => entry !== '' && matches(entry, host, port));
}

const family = (address: string): 'ipv4' | 'ipv6' => (isIP(address) === 6 ? 'ipv6' : 'ipv4');
const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8);
LOOPBACK.addAddress('::1', 'ipv6');

/** "*", an address, a network (10.0.0.0/8), a domain with its subdomains, or with a leading dot only those; each with an optional port. */
function matches(entry: string, host: string, port: string): boolean {
  if (entry === '*') return true;
  const [network = '', prefix] = entry.split('/');
  if (prefix !== undefined) {
    if (!isIP(network) || !isIP(host)) return false;
    const list = new BlockList();
    list.addSubnet(network, Number(prefix), family(network));
    return list.check(host, family(host));
  }
  const [, name = entry, onlyPort] = isIP(entry) ? [] : (/^(.+):(\d+)$/.exec(entry) ?? []);
  if (onlyPort !== undefined && onlyPort !== port) return false;
  const wanted = withoutBrackets(name);
  if (isIP(wanted) || isIP(host)) return wanted === host;
  const domain = wanted.replace(/^\*?\./, '');
  return host.endsWith(`.${domain}`) || (domain === wanted && host === domain);
}
