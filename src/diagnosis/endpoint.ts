/** Where a server block listens or an upstream is asked: scheme, host and port, as a Corefile writes them. */
import { parseIp } from './ip-address.ts';

export type Scheme = keyof typeof DEFAULT_PORTS;

export const DEFAULT_PORTS = { dns: 53, tls: 853, https: 443, grpc: 443, quic: 853, unknown: null } as const;

interface Endpoint {
  readonly scheme: Scheme;
  /** Lower case, without brackets. */
  readonly host: string;
  /** Null if none is given and the scheme has no default. */
  readonly port: number | null;
}

/** `127.0.0.1`, `127.0.0.1:5300`, `dns://[::1]:53`, `tls://10.96.0.10`. */
export function parseEndpoint(text: string): Endpoint {
  const { scheme, rest } = splitScheme(text);
  const bracketed = /^\[([^\]]+)\](?::(\d+))?$/.exec(rest);
  // A bare IPv6 address has no port to strip.
  const [, host = rest, port] = bracketed ?? (parseIp(rest) ? [] : (/^(.*?):(\d+)$/.exec(rest) ?? []));
  return {
    scheme,
    host: host.toLowerCase(),
    port: port === undefined ? DEFAULT_PORTS[scheme] : Number(port),
  };
}

export function splitScheme(text: string): { readonly scheme: Scheme; readonly rest: string } {
  const [, given, rest = text] = /^([a-z0-9]+):\/\/(.*)$/i.exec(text) ?? [];
  if (given === undefined) return { scheme: 'dns', rest };
  const schemes = Object.keys(DEFAULT_PORTS) as Scheme[];
  return { scheme: schemes.find((scheme) => scheme === given.toLowerCase()) ?? 'unknown', rest };
}
