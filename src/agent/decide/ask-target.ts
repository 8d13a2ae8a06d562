/** Does anybody answer behind the target? Asked before anything is written, from where the DNS pods will ask. */
import type { GradedFile, KnownAddresses } from '../../api/agent-protocol.ts';
import { isAnswer, type ServerAnswer } from './ask-server.ts';

export type Ask = (server: string, name: string) => Promise<ServerAnswer>;

type TargetAnswers =
  | { readonly kind: 'answers' }
  /** What each server did instead, for a person. */
  | { readonly kind: 'silent'; readonly results: readonly string[] };

/**
 * The question and the verdict are those of the proof pod: what that would find after the kubelet was changed and
 * restarted is found before. REFUSED and SERVFAIL are therefore no answers, although a server is there: a resolver
 * that refuses this pod network refuses the DNS pods as well.
 *
 * The agent asks from the pod network. That is no flaw of its having no host namespace: CoreDNS asks from there too.
 */
export async function askTarget(
  { nameservers }: GradedFile,
  name: string,
  known: KnownAddresses,
  ask: Ask,
): Promise<TargetAnswers> {
  const within = new Set([...known.clusterDNS, ...known.nodeLocalDNS, ...known.node]);
  const upstream = nameservers.filter((server) => !within.has(server));
  const asked = upstream.map(async (server) => {
    const { result } = await ask(server, name);
    if (!isAnswer(result)) throw new Error(`${server}: ${result}`);
  });
  try {
    // One is enough, and the first one: nobody waits for the time-out of another.
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
