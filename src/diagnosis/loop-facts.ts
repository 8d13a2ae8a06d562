/** Derives from the evidence the facts that the loop causes test, so that each cause is a plain condition. */
import { assertNever } from '../api/assert-never.ts';
import type { LoopCause } from '../api/loop-cause.ts';
import { parseCorefile } from './corefile.ts';
import type { Evidence, Remedy } from './evidence.ts';
import { parseIp } from './ip-address.ts';
import { type LoopLine, probedPort } from './loop-line.ts';
import { namesIn, type ObjectNames } from './object-names.ts';
import { type RootForward, rootForward } from './root-forward.ts';

export interface LoopFacts {
  readonly sighting: LoopLine;
  /** Where the probe came back from; `unnamed` before 1.3.1 and if the text is not an address. */
  readonly origin: 'loopback' | 'pod' | 'cluster-dns' | 'elsewhere' | 'unnamed';
  readonly probedPort: number | undefined;
  /** A query to a nameserver, which arrives at port 53, reaches the block that was probed. */
  readonly isProbedByNameservers: boolean;
  readonly livedMs: number;
  readonly corefile: CorefileFacts;
  readonly pod: Evidence['pod'];
  readonly names: ObjectNames;
}

type CorefileFacts =
  /** `remedy` is what makes it readable, where that is not an edit of the Corefile. */
  | { readonly kind: 'unreadable'; readonly why: string; readonly remedy?: string }
  | { readonly kind: 'no-root' }
  | { readonly kind: 'root'; readonly forward: RootForward };

/** The cause with its remedy, or null if the next rule is to be tried. */
export type CauseRule = (facts: LoopFacts) => { readonly cause: LoopCause; readonly remedy: Remedy } | null;

export function loopFacts(evidence: Evidence, sighting: LoopLine): LoopFacts {
  const port = probedPort(sighting);
  return {
    sighting,
    origin: originOf(sighting.from, evidence),
    probedPort: port,
    livedMs: evidence.death.finishedAt - evidence.death.startedAt,
    ...corefileFacts(evidence, port),
    pod: evidence.pod,
    names: namesIn(evidence),
  };
}

function originOf(from: string | undefined, evidence: Evidence): LoopFacts['origin'] {
  const address = parseIp(from ?? '');
  if (!address) return 'unnamed';
  if (address.kind === 'loopback') return 'loopback';
  const isOneOf = (list: readonly string[]) =>
    list.some((other) => parseIp(other)?.canonical === address.canonical);
  if (isOneOf(evidence.pod.ips)) return 'pod';
  return isOneOf(evidence.clusterDNS) ? 'cluster-dns' : 'elsewhere';
}

type PathFacts = Pick<LoopFacts, 'corefile' | 'isProbedByNameservers'>;

function corefileFacts(evidence: Evidence, port: number | undefined): PathFacts {
  const isDnsPort = port === DNS_PORT;
  const unreadable = (why: string, remedy?: string): PathFacts => ({
    corefile: { kind: 'unreadable', why, ...(remedy ? { remedy } : {}) },
    isProbedByNameservers: isDnsPort,
  });
  if (evidence.corefile === undefined) {
    const names = evidence.unreadConfigMaps?.join(', ');
    return names === undefined
      ? unreadable('the Corefile could not be read')
      : unreadable(
          `the operator may not read the ConfigMap of the Corefile (${names})`,
          `Allow it: add the name to resourceNames in the Role dnshealth-operator (\`kubectl -n kube-system edit role dnshealth-operator\`), then delete the pod. Or check yourself whether the Corefile forwards "." to /etc/resolv.conf; if it does, check the file that the kubelet's resolvConf points to on the node.`,
        );
  }
  const parsed = parseCorefile(evidence.corefile);
  switch (parsed.kind) {
    case 'syntax-error':
      return unreadable(`line ${parsed.line} of the Corefile cannot be parsed: ${parsed.message}`);
    case 'corefile': {
      const self = { pod: evidence.pod.ips, clusterDNS: evidence.clusterDNS };
      const forward = rootForward(parsed, self, port);
      const fromDnsPort = isDnsPort || port === undefined ? null : rootForward(parsed, self, DNS_PORT);
      return {
        corefile: forward ? { kind: 'root', forward } : { kind: 'no-root' },
        isProbedByNameservers:
          isDnsPort || (port !== undefined && fromDnsPort?.ports.includes(port) === true),
      };
    }
    default:
      return assertNever(parsed);
  }
}

/** A `nameserver` line names no port. */
const DNS_PORT = 53;
