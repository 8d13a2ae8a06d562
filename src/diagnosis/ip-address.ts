/** Parses IP addresses as Go's net.ParseIP does. Not with node:net, because diagnosis/ is pure. */

interface IpAddress {
  /** One spelling per address, for comparison. An IPv4-mapped address becomes its IPv4 address. */
  readonly canonical: string;
  readonly kind: 'loopback' | 'unspecified' | 'multicast' | 'unicast';
  /** fe80::/10, with or without a scope: valid on one link only. */
  readonly linkLocalV6: boolean;
}

/** Undefined for everything that is not a literal address. A scope (`%eth0`) is dropped; see `hasScope`. */
export function parseIp(text: string): IpAddress | undefined {
  const scope = text.indexOf('%');
  const bare = scope === -1 ? text : text.slice(0, scope);
  if (!bare.includes(':')) {
    if (scope !== -1) return undefined;
    const octets = parseV4(bare);
    return octets && describeV4(octets);
  }
  const groups = parseV6(bare);
  if (!groups) return undefined;
  const mapped = groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff;
  if (mapped) {
    const [high = 0, low = 0] = groups.slice(6);
    return describeV4([high >> 8, high & 0xff, low >> 8, low & 0xff]);
  }
  return describeV6(groups);
}

/** For comparing addresses; text that is not one stays as it is. */
export const canonical = (text: string): string => parseIp(text)?.canonical ?? text;

export function hasScope(text: string): boolean {
  return text.includes('%');
}

/** The pod itself, as seen from inside: Linux delivers a query to 0.0.0.0 or :: on loopback. */
export function isSelf(address: IpAddress): boolean {
  return address.kind === 'loopback' || address.kind === 'unspecified';
}

/** No leading zeros, as in Go since 1.17: "010" is octal for some parsers and decimal for others. */
function parseV4(text: string): readonly number[] | undefined {
  if (!/^(?:(?:0|[1-9]\d{0,2})\.){3}(?:0|[1-9]\d{0,2})$/.test(text)) return undefined;
  const octets = text.split('.').map(Number);
  return octets.every((octet) => octet <= 255) ? octets : undefined;
}

function parseV6(text: string): readonly number[] | undefined {
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const head = parseGroups(halves[0] ?? '', halves.length === 1);
  const tail = halves.length === 2 ? parseGroups(halves[1] ?? '', true) : [];
  if (!head || !tail) return undefined;
  if (halves.length === 1) return head.length === 8 ? head : undefined;
  const zeros = 8 - head.length - tail.length;
  return zeros < 1 ? undefined : [...head, ...Array.from({ length: zeros }, () => 0), ...tail];
}

/** The last two groups may be written as an IPv4 address, at the very end only. */
function parseGroups(text: string, atEnd: boolean): readonly number[] | undefined {
  if (text === '') return [];
  const groups: number[] = [];
  const parts = text.split(':');
  for (const [index, part] of parts.entries()) {
    if (part.includes('.')) {
      const octets = atEnd && index === parts.length - 1 ? parseV4(part) : undefined;
      if (!octets) return undefined;
      const [a = 0, b = 0, c = 0, d = 0] = octets;
      groups.push(a * 256 + b, c * 256 + d);
    } else if (/^[0-9a-fA-F]{1,4}$/.test(part)) {
      groups.push(Number.parseInt(part, 16));
    } else {
      return undefined;
    }
  }
  return groups;
}

function describeV4(octets: readonly number[]): IpAddress {
  const [first = 0] = octets;
  const canonical = octets.join('.');
  if (first === 127) return { canonical, kind: 'loopback', linkLocalV6: false };
  if (canonical === '0.0.0.0') return { canonical, kind: 'unspecified', linkLocalV6: false };
  // 224/4 and the reserved block above it, including broadcast: no server answers there.
  return { canonical, kind: first >= 224 ? 'multicast' : 'unicast', linkLocalV6: false };
}

function describeV6(groups: readonly number[]): IpAddress {
  const canonical = groups.map((group) => group.toString(16)).join(':');
  const [first = 0] = groups;
  const linkLocalV6 = (first & 0xffc0) === 0xfe80;
  if (canonical === '0:0:0:0:0:0:0:1') return { canonical, kind: 'loopback', linkLocalV6 };
  if (canonical === '0:0:0:0:0:0:0:0') return { canonical, kind: 'unspecified', linkLocalV6 };
  return { canonical, kind: first >= 0xff00 ? 'multicast' : 'unicast', linkLocalV6 };
}
