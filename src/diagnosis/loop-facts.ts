/** Derives from the evidence the facts that the loop causes test, so that each cause is a plain condition. */
import { assertNever } from '../api/assert-never.ts';
import type { LoopCause } from '../api/loop-cause.ts';
import { type Corefile, parseCorefile } from './corefile.ts';
import type { Evidence, Remedy } from './evidence.ts';
import { parseIp } from './ip-address.ts';
import { type LoopLine, probedPort } from './loop-line.ts';
import { type RootForward, rootForward } from './root-forward.ts';

export interface LoopFacts {
  readonly sighting: LoopLine;
  /** Where the probe came back from; `unnamed` before 1.3.1 and if the text is not an address. */
  readonly origin: 'loopback' | 'pod' | 'cluster-dns' | 'elsewhere' | 'unnamed';
  readonly probedPort: number | undefined;
  readonly livedMs: number;
  readonly corefile: CorefileFacts;
  readonly pod: Evidence['pod'];
}

type CorefileFacts =
  | { readonly kind: 'unreadable'; readonly why: string }
  | { readonly kind: 'no-root' }
  | { readonly kind: 'root'; readonly forward: RootForward };

/** The cause with its remedy, or null if the next rule is to be tried. */
export type CauseRule = (facts: LoopFacts) => { readonly cause: LoopCause; readonly remedy: Remedy } | null;

export function loopFacts(evidence: Evidence, sighting: LoopLine): LoopFacts {
  return {
    sighting,
    origin: originOf(sighting.from, evidence),
    probedPort: probedPort(sighting),
    livedMs: evidence.death.finishedAt - evidence.death.startedAt,
    corefile: corefileFacts(evidence),
    pod: evidence.pod,
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

function corefileFacts(evidence: Evidence): CorefileFacts {
  if (evidence.corefile === undefined) return { kind: 'unreadable', why: 'the Corefile could not be read' };
  const parsed = parseCorefile(evidence.corefile);
  switch (parsed.kind) {
    case 'syntax-error':
      return {
        kind: 'unreadable',
        why: `line ${parsed.line} of the Corefile cannot be parsed: ${parsed.message}`,
      };
    case 'corefile':
      return rootFacts(parsed, [...evidence.pod.ips, ...evidence.clusterDNS]);
    default:
      return assertNever(parsed);
  }
}

function rootFacts(corefile: Corefile, selfAddresses: readonly string[]): CorefileFacts {
  const forward = rootForward(corefile, selfAddresses);
  return forward ? { kind: 'root', forward } : { kind: 'no-root' };
}
