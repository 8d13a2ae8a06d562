/** Grades a resolv.conf by how it would work for the pods of a node. The agent grades the current file and each target. */
import type { KnownAddresses, ResolvConfClass } from '../api/agent-protocol.ts';
import { isAtLeast } from './coredns-version.ts';
import { cut } from './excerpts.ts';
import { hasScope, isSelf, parseIp } from './ip-address.ts';
import { scrub } from './scrub.ts';

interface ResolvConf {
  readonly class: ResolvConfClass;
  /** The first three as the kubelet reads them, including unusable ones: that is what a pod is given. */
  readonly nameservers: readonly string[];
}

/** The kubelet gives a pod the first three servers and drops the rest, with the event DNSConfigForming. */
export const MAX_NAMESERVERS = 3;
/** Where systemd-resolved listens: the stub, and since v250 the proxy without local synthesis. */
const RESOLVED_STUBS: readonly string[] = ['127.0.0.53', '127.0.0.54'];
/** The white space of Go's strings.Fields. Not \s, which includes the byte order mark; for the kubelet that is part of a word. */
export const GO_SPACE = /[\t\n\v\f\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+/u;

export function gradeResolvConf(text: string, known: KnownAddresses): ResolvConf {
  const parsed = parse(text);
  const nameservers = parsed.nameservers.slice(0, MAX_NAMESERVERS);
  return {
    // One nameserver line without a value makes every sandbox on the node fail, whatever the other lines are.
    class: parsed.valid ? classOf(nameservers, known) : 'invalid',
    nameservers,
  };
}

/** Whether resolvConf may be set to a file of this class. */
export function isUsable(cls: ResolvConfClass, options: { readonly acceptRisky: boolean }): boolean {
  return cls === 'ok' || (cls === 'risky' && options.acceptRisky);
}

/** With one of these, every query of a CoreDNS pod comes back to it. With others it depends on the order and on chance. */
const LOOPING: ReadonlySet<ResolvConfClass> = new Set(['stub', 'loopback', 'self-only']);

export const isLooping = (cls: ResolvConfClass): boolean => LOOPING.has(cls);

/** A file of systemd-resolved has a thousand characters of comments and a hundred of settings. */
const MAX_EXCERPT = 400;

/** What a file says, for a report: without comments and secrets, and not longer than a report can hold. */
export function resolvConfExcerpt(text: string): string {
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== '' && !/^\s*[#;]/.test(line));
  return cut(scrub(lines.join('\n')), MAX_EXCERPT);
}

interface Parsed {
  readonly valid: boolean;
  readonly nameservers: readonly string[];
}

/**
 * As the kubelet reads the file (pkg/kubelet/network/dns), not as resolv.conf(5) says: only a line that starts with
 * `#` is a comment. A `;` line is ignored because its first word is not a keyword; CoreDNS skips it as well.
 */
function parse(text: string): Parsed {
  const nameservers: string[] = [];
  let valid = true;
  for (const line of text.split('\n')) {
    const [keyword, value] = line.split(GO_SPACE).filter((field) => field !== '');
    if (keyword !== 'nameserver') continue;
    if (value === undefined) valid = false;
    else nameservers.push(value);
  }
  return { valid, nameservers };
}

type Entry = 'stub' | 'self' | 'cluster' | 'upstream' | 'unusable' | 'no-address';

function classOf(nameservers: readonly string[], known: KnownAddresses): ResolvConfClass {
  const entries = nameservers.map((nameserver) => entryOf(nameserver, known));
  // glibc, Go and the runtime treat text that is not an address differently, so the effect on a pod is unknown.
  if (entries.includes('no-address')) return 'invalid';
  const usable = entries.filter((entry) => entry !== 'unusable');
  if (usable.length === 0) return 'empty';
  if (usable.every((entry) => entry === 'stub')) return 'stub';
  if (usable.every((entry) => entry === 'stub' || entry === 'self')) return 'loopback';
  if (usable.some((entry) => entry === 'stub' || entry === 'self')) return 'mixed-loopback';
  if (usable.every((entry) => entry === 'cluster')) return 'self-only';
  return usable.includes('cluster') ? 'risky' : 'ok';
}

function entryOf(nameserver: string, known: KnownAddresses): Entry {
  if (RESOLVED_STUBS.includes(nameserver)) return 'stub';
  const address = parseIp(nameserver);
  if (!address) return 'no-address';
  if (isSelf(address)) return 'self';
  // fe80:: needs the node's interface, which the network namespace of a pod does not have. IPv4 link-local
  // addresses work: clouds serve DNS on 169.254.169.253 and .254.
  if (address.linkLocalV6 || address.kind === 'multicast') return 'unusable';
  if (hasScope(nameserver) && !dropsScopes(known.corednsVersion)) return 'unusable';
  const within = [...known.clusterDNS, ...known.nodeLocalDNS, ...known.node];
  return within.some((other) => parseIp(other)?.canonical === address.canonical) ? 'cluster' : 'upstream';
}

/**
 * Whether CoreDNS takes a global address with a scope, for example `2001:db8::1%eth0`, for the address that it is
 * (coredns/coredns#6635). An older one asks through an interface that the pod does not have.
 */
const dropsScopes = (version: string | undefined): boolean =>
  version !== undefined && isAtLeast(version, 1, 11, 2);
