/** Checks, before anything is written, that a server of the target answers from where the DNS pods will ask. */
import type { GradedFile, KnownAddresses } from '../../api/agent-protocol.ts';
import { canonical } from '../../diagnosis/ip-address.ts';
import { type Ask, isAnswer } from './ask-server.ts';

type TargetAnswers =
  | { readonly kind: 'answers' }
  /** What each server did instead. */
  | { readonly kind: 'silent'; readonly results: readonly string[] };

/**
 * Asks and judges as the proof pod does, so that its result is known before the kubelet is changed and restarted.
 * REFUSED and SERVFAIL therefore do not count: a resolver that refuses this pod network also refuses the DNS pods.
 *
 * The agent asks from the pod network, not from the host's, because CoreDNS asks from there too. `known.node` has
 * only those of the node's own addresses that lead back into the cluster.
 */
export async function askTarget(
  { nameservers }: GradedFile,
  name: string,
  known: KnownAddresses,
  ask: Ask,
): Promise<TargetAnswers> {
  const internal = new Set([...known.clusterDNS, ...known.nodeLocalDNS, ...known.node].map(canonical));
  const upstream = nameservers.filter((server) => !internal.has(canonical(server)));
  const asked = upstream.map(async (server) => {
    const { result } = await ask(server, name);
    if (!isAnswer(result)) throw new Error(`${server}: ${result}`);
  });
  try {
    // The first answer is enough; the timeouts of the others are not awaited.
    await Promise.any(asked);
    return { kind: 'answers' };
  } catch (error) {
    const errors = error instanceof AggregateError ? (error.errors as readonly unknown[]) : [error];
    return {
      kind: 'silent',
      results: errors.map((one) => (one instanceof Error ? one.message : String(one))),
    };
  }
}
