/** What a check that is not part of an incident asks of the agent: of a node by itself, or because of a pod that loops. */
import type { CheckRequest } from '../api/agent-protocol.ts';
import { NODE_LOCAL_DNS } from '../api/node-local-dns.ts';
import type { PolicySpec } from '../api/policy.ts';

/** It runs for a second or two, but an image may have to be pulled. */
export const CHECK_MS = 60_000;

interface CheckOf {
  readonly nonce: string;
  readonly policy: PolicySpec;
  readonly clusterDNS: readonly string[];
  /** Addresses of the node. */
  readonly node: readonly string[];
  readonly now: number;
}

export function checkRequest({ nonce, policy, clusterDNS, node, now }: CheckOf): CheckRequest {
  const { repair, verification } = policy;
  return {
    verb: 'check',
    nonce,
    known: { clusterDNS: [...clusterDNS], nodeLocalDNS: [...NODE_LOCAL_DNS], node: [...node] },
    acceptRisky: repair.acceptRisky,
    // A name that was never asked for before, so that no cache on the way can answer it.
    externalName: verification.externalName ?? `c${now.toString(36)}-${nonce.slice(0, 8)}.invalid`,
    clusterName: `kubernetes.default.svc.${verification.clusterDomain}`,
    // The prober asks cluster DNS itself.
    clusterServers: [],
  };
}
