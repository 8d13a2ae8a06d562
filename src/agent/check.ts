/** The verb `check`: which resolv.conf did this new pod get, what would a CoreDNS pod do with it, and who answers? */
import {
  type CheckReport,
  type CheckRequest,
  DEFAULT_CLUSTER_NAME,
  type KnownAddresses,
  MAX_QUOTED_TEXT,
  type ResolvConfClass,
} from '../api/agent-protocol.ts';
import { canonical } from '../diagnosis/ip-address.ts';
import { gradeResolvConf, isUsable } from '../diagnosis/resolv-conf.ts';
import { scrub } from '../diagnosis/scrub.ts';
import { type Ask, askServer, isAnswer } from './decide/ask-server.ts';
import { askOwnServers, withoutResolvers } from './decide/own-servers.ts';
import { OWN_RESOLV_CONF, readOwnResolvConf } from './files/own-resolv-conf.ts';

interface CheckContext {
  readonly resolvConfPath?: string;
  readonly ask?: Ask;
}

type Verdict = Pick<CheckReport, 'outcome' | 'reason' | 'message'>;

/** What a CoreDNS pod with a file of each class would do, where that class is not good enough. */
const VERDICTS: Readonly<Record<ResolvConfClass, CheckReport['outcome']>> = {
  ok: 'usable',
  risky: 'may-loop',
  'mixed-loopback': 'may-loop',
  stub: 'looping',
  loopback: 'looping',
  'self-only': 'looping',
  empty: 'unusable',
  invalid: 'unusable',
  missing: 'unusable',
};

/** The class of a resolv.conf that does not exist in the pod; any other failure to read it is an error. */
const MISSING = { class: 'missing', nameservers: [] } as const;

export async function check(request: CheckRequest, context: CheckContext = {}): Promise<CheckReport> {
  const { resolvConfPath = OWN_RESOLV_CONF, ask = askServer } = context;
  const text = readOwnResolvConf(resolvConfPath)?.text;
  const servers = text === undefined ? [] : gradeResolvConf(text, request.known).nameservers;
  const [own, external, cluster] = await Promise.all([
    askOwnServers(servers, request, ask),
    askAll('External', servers, request.externalName, ask),
    askAll('Cluster', request.clusterServers, request.clusterName ?? DEFAULT_CLUSTER_NAME, ask),
  ]);
  const known = withoutResolvers(request.known, own, 'silent ones may start');
  const graded = text === undefined ? MISSING : gradeResolvConf(text, known);
  return {
    verb: 'check',
    nonce: request.nonce,
    ...verdictOn(graded, external, known, request),
    resolvConf: {
      path: OWN_RESOLV_CONF,
      class: graded.class,
      nameservers: [...graded.nameservers],
      ...(text === undefined ? {} : { text: scrub(text).slice(0, MAX_QUOTED_TEXT) }),
    },
    answers: [...external, ...cluster],
  };
}

function verdictOn(
  graded: { readonly class: ResolvConfClass; readonly nameservers: readonly string[] },
  answers: CheckReport['answers'],
  known: KnownAddresses,
  request: CheckRequest,
): Verdict {
  const servers = graded.nameservers.join(', ');
  if (!isUsable(graded.class, request))
    return {
      outcome: VERDICTS[graded.class],
      reason: 'ResolvConfUnusable',
      message: `A new pod on this node gets a resolv.conf of class ${graded.class} (${servers || 'no nameserver'}).`,
    };
  // As the agent judges a target: what a server of the cluster answers does not show that the upstream does.
  const internal = new Set([...known.clusterDNS, ...known.nodeLocalDNS, ...known.node].map(canonical));
  const answered = answers.some(({ server, result }) => isAnswer(result) && !internal.has(canonical(server)));
  return answered
    ? {
        outcome: 'usable',
        reason: 'ServerAnswers',
        message: `A new pod on this node uses ${servers} and gets answers.`,
      }
    : {
        outcome: 'no-answer',
        reason: 'NoServerAnswers',
        message: `No nameserver answers a new pod on this node (${servers}).`,
      };
}

async function askAll(
  scope: 'Cluster' | 'External',
  servers: readonly string[],
  name: string,
  ask: Ask,
): Promise<CheckReport['answers']> {
  return Promise.all(servers.map(async (server) => ({ server, name, scope, ...(await ask(server, name)) })));
}
