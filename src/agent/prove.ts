/** The verb `prove`: which resolv.conf did this new pod get, and does a server in it answer? */
import { readFileSync } from 'node:fs';
import type { ProveReport, ProveRequest } from '../api/agent-protocol.ts';
import { canonical } from '../diagnosis/ip-address.ts';
import { gradeResolvConf, isUsable } from '../diagnosis/resolv-conf.ts';
import { type Ask, askServer, isAnswer } from './decide/ask-server.ts';
import { askOwnServers, withoutResolvers } from './decide/own-servers.ts';

const RESOLV_CONF = '/etc/resolv.conf';
/** As many as the report may hold; a resolv.conf has at most three servers. */
const MAX_ANSWERS = 6;

interface ProveContext {
  readonly resolvConfPath?: string;
  readonly ask?: Ask;
}

export async function prove(request: ProveRequest, context: ProveContext = {}): Promise<ProveReport> {
  const { resolvConfPath = RESOLV_CONF, ask = askServer } = context;
  const text = readFileSync(resolvConfPath, 'utf8');
  const own = await askOwnServers(gradeResolvConf(text, request.known).nameservers, request, ask);
  const known = withoutResolvers(request.known, own, 'silent ones may start');
  const graded = gradeResolvConf(text, known);
  const resolvConf = { path: RESOLV_CONF, class: graded.class, nameservers: [...graded.nameservers] };
  const base = { verb: 'prove', nonce: request.nonce, resolvConf } as const;
  const servers = graded.nameservers.join(', ');
  if (!isUsable(graded.class, request))
    return {
      ...base,
      outcome: 'failed',
      reason: 'ResolvConfUnusable',
      message: `A new pod on this node gets a resolv.conf of class ${graded.class} (${servers || 'no nameserver'}).`,
      answers: [],
    };
  const answers = (
    await Promise.all(
      graded.nameservers.map(async (server) => ({
        server,
        name: request.externalName,
        ...(await ask(server, request.externalName)),
      })),
    )
  ).slice(0, MAX_ANSWERS);
  // As the agent judges a target: what a server of the cluster answers does not show that the upstream does.
  const internal = new Set([...known.clusterDNS, ...known.nodeLocalDNS, ...known.node].map(canonical));
  const proven = answers.some(({ server, result }) => isAnswer(result) && !internal.has(canonical(server)));
  return {
    ...base,
    outcome: proven ? 'proven' : 'failed',
    reason: proven ? 'Proven' : 'NoServerAnswers',
    message: proven
      ? `A new pod on this node uses ${servers} and gets answers.`
      : `No nameserver answers a new pod on this node (${servers}).`,
    answers,
  };
}
