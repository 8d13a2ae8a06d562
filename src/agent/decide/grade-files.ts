/** Grades the resolv.conf files of a node. Addresses of the node itself are asked first: a resolver may listen there. */
import type { GradedFile, KnownAddresses, RepairRequest } from '../../api/agent-protocol.ts';
import { Refused } from '../../api/refused.ts';
import { gradeResolvConf, isUsable, resolvConfExcerpt } from '../../diagnosis/resolv-conf.ts';
import type { HostTree } from '../files/host-tree.ts';
import { OWN_RESOLV_CONF, type OwnResolvConf } from '../files/own-resolv-conf.ts';
import type { Ask } from './ask-server.ts';
import type { GivenFile } from './compare.ts';
import { askOwnServers, type OwnServers, withoutResolvers } from './own-servers.ts';

type Grade =
  | { readonly kind: 'graded'; readonly file: GradedFile }
  /** It may exist and be right: the agent cannot judge it. */
  | { readonly kind: 'unreadable'; readonly problem: Refused };

export interface Targets {
  /** In the request's order of preference, without those that cannot be read. */
  readonly graded: readonly GradedFile[];
  /** Why the first one that cannot be read cannot be. */
  readonly problem: Refused | undefined;
  /** The addresses that led into the cluster when they were graded. */
  readonly known: KnownAddresses;
}

type Questions = Pick<RepairRequest, 'known' | 'externalName' | 'clusterName'>;

export function gradeFile(path: string, known: KnownAddresses, host: HostTree): Grade {
  const text = readResolvConf(path, host);
  if (text instanceof Refused) return { kind: 'unreadable', problem: text };
  if (text === undefined) return { kind: 'graded', file: { path, class: 'missing', nameservers: [] } };
  const { class: grade, nameservers } = gradeResolvConf(text, known);
  return {
    kind: 'graded',
    file: { path, class: grade, nameservers: [...nameservers], text: resolvConfExcerpt(text) },
  };
}

/** A server of the node itself that is silent is not judged by that: it may only be starting. */
export async function gradeGiven(
  { text, writtenAtMs }: OwnResolvConf,
  questions: Questions,
  ask: Ask,
): Promise<GivenFile> {
  const { nameservers } = gradeResolvConf(text, questions.known);
  const own = await askOwnServers(nameservers, questions, ask);
  const known = withoutResolvers(questions.known, own, 'silent ones may start');
  const graded = gradeResolvConf(text, known);
  return { path: OWN_RESOLV_CONF, class: graded.class, nameservers: [...graded.nameservers], writtenAtMs };
}

/** A target whose server is the node itself and silent is graded as usable: it may only be starting. */
export async function gradeTargets(
  { targets, ...questions }: Pick<RepairRequest, 'targets'> & Questions,
  host: HostTree,
  ask: Ask,
): Promise<Targets> {
  const own = await askOwnServersIn(targets, questions, host, ask);
  const known = withoutResolvers(questions.known, own, 'silent ones may start');
  const grades = targets.map((path) => gradeFile(path, known, host));
  return {
    graded: grades.flatMap((grade) => (grade.kind === 'graded' ? [grade.file] : [])),
    problem: grades.find((grade) => grade.kind === 'unreadable')?.problem,
    known,
  };
}

/** Which of the node's own addresses in these files lead to a resolver of the host, and which into the cluster. */
export async function askOwnServersIn(
  paths: readonly string[],
  questions: Questions,
  host: HostTree,
  ask: Ask,
): Promise<OwnServers> {
  const servers = paths.flatMap((path) => {
    const text = readResolvConf(path, host);
    return typeof text === 'string' ? gradeResolvConf(text, questions.known).nameservers : [];
  });
  return askOwnServers(servers, questions, ask);
}

/** The target to use, if any of them is usable. */
export function chosenTarget(
  { graded }: Targets,
  request: Pick<RepairRequest, 'acceptRisky'>,
): GradedFile | undefined {
  // A later target of class ok is better than an earlier one that is merely accepted.
  return (
    graded.find(({ class: cls }) => isUsable(cls, { acceptRisky: false })) ??
    graded.find(({ class: cls }) => isUsable(cls, request))
  );
}

/** Undefined if there is no such file. */
function readResolvConf(path: string, host: HostTree): string | Refused | undefined {
  try {
    return host.readBytes(path)?.toString('utf8');
  } catch (error) {
    if (error instanceof Refused) return error;
    throw error;
  }
}
