/** Asks one DNS pod for a name of the cluster and an external one, over TCP through the API server. */
import { randomUUID } from 'node:crypto';
import type { CaseAnswer } from '../../../diagnosis/case.ts';
import type { DnsStream } from '../../../dns/dns-stream.ts';
import { type DnsReply, wasAnswered } from '../../../dns/message.ts';
import type { Connection } from '../../cluster/connect.ts';
import type { PodPort } from '../../cluster/pod-forward.ts';

export interface Names {
  /** kubernetes.default.svc.<cluster domain> */
  readonly cluster: string;
  /** Undefined: a random name below "invalid.", which every upstream answers with NXDOMAIN. */
  readonly external?: string;
}

/** Through a working upstream an answer takes some ten milliseconds; CoreDNS itself gives one two seconds. */
const ANSWER_MS = 2_000;
/** A single lost answer proves nothing: the upstream is asked over UDP. */
const TRIES = 2;

/**
 * Both questions at once, each a second time if it fails.
 *
 * @throws KubeError if the port cannot be forwarded
 */
export async function askPod(
  connection: Pick<Connection, 'forwardTo'>,
  pod: PodPort,
  { cluster, external }: Names,
  signal: AbortSignal,
): Promise<readonly CaseAnswer[]> {
  const forward = await connection.forwardTo(pod, signal);
  const put = async (
    scope: CaseAnswer['scope'],
    nameOf: () => string,
    isRight: (reply: DnsReply) => boolean,
  ): Promise<readonly CaseAnswer[]> => {
    const answers: CaseAnswer[] = [];
    while (answers.length < TRIES && answers.at(-1)?.ok !== true)
      answers.push(await ask(forward.dns, { name: nameOf(), scope }, isRight, signal));
    return answers;
  };
  try {
    const answers = await Promise.all([
      put('Cluster', () => cluster, resolves),
      put('External', () => external ?? `t${randomUUID()}.invalid`, wasAnswered),
    ]);
    return answers.flat();
  } finally {
    forward.close();
  }
}

async function ask(
  dns: Pick<DnsStream, 'ask'>,
  question: Pick<CaseAnswer, 'name' | 'scope'>,
  isRight: (reply: DnsReply) => boolean,
  signal: AbortSignal,
): Promise<CaseAnswer> {
  const timeout = AbortSignal.timeout(ANSWER_MS);
  const startedAt = performance.now();
  const answer = (result: string, ok: boolean): CaseAnswer => ({
    ...question,
    protocol: 'TCP',
    result,
    ok,
    ms: Math.round(performance.now() - startedAt),
  });
  try {
    const reply = await dns.ask(question.name, AbortSignal.any([signal, timeout]));
    return answer(reply.addresses.join(' ') || reply.rcode, isRight(reply));
  } catch (error) {
    signal.throwIfAborted();
    if (error === timeout.reason) return answer(`no answer within ${ANSWER_MS / 1000} s`, false);
    return answer(error instanceof Error ? error.message : String(error), false);
  }
}

/** An IPv6-only cluster has no A record of it, which CoreDNS answers from memory all the same. */
const resolves = ({ rcode }: DnsReply): boolean => rcode === 'NOERROR';
