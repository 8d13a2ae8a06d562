/** Waits for what answers a request for plans: a record of each node, or the request taken out without one. */
import { API_VERSION, PLAN_REQUESTS_ANNOTATION } from '../../api/keys.ts';
import { FINAL_PHASES } from '../../api/remediation.ts';
import { parseRemediations } from '../../observe/custom-resources.ts';
import type { Remediation } from '../../remediation/world.ts';
import { awaitRecords } from '../asking/await-records.ts';
import type { Connection } from '../cluster/connect.ts';
import type { PluginContext } from '../verb.ts';
import { isRequested } from './plan-requests.ts';

interface Asked {
  readonly nodes: readonly string[];
  readonly policy: string;
  readonly user: string;
  /** UIDs of the records that were there before. */
  readonly before: ReadonlySet<string>;
}

export interface Answers {
  readonly records: ReadonlyMap<string, Remediation>;
  /** Nodes for which the operator makes no plan: it took the request out and made no record. */
  readonly refused: ReadonlySet<string>;
}

export async function answersTo(
  { nodes, policy, user, before }: Asked,
  connection: Connection,
  context: PluginContext,
  timeoutMs: number,
): Promise<Answers> {
  const records = new Map<string, Remediation>();
  const refused = new Set<string>();
  const isAnswer = ({ spec, uid }: Remediation): boolean =>
    spec.trigger === 'Request' && spec.request.by === user && !before.has(uid);
  const endIfAll = (end: () => void): void => {
    if (nodes.every((node) => records.has(node) || refused.has(node))) end();
  };
  const looks: Promise<void>[] = [];
  /** The record is created before the request is taken out, but the two watches are not in order: a read is. */
  const lookFor = async (gone: readonly string[], end: () => void): Promise<void> => {
    const all = parseRemediations(
      await connection.kube.customResource(API_VERSION, 'dnsremediations').list(context.signal),
    ).filter(isAnswer);
    for (const node of gone) if (!all.some(({ spec }) => spec.node.name === node)) refused.add(node);
    endIfAll(end);
  };
  await awaitRecords(connection, context, timeoutMs, {
    record(record, end) {
      if (!isAnswer(record) || !FINAL_PHASES.includes(record.status.phase)) return;
      records.set(record.spec.node.name, record);
      endIfAll(end);
    },
    policy({ metadata: { name, annotations } }, end) {
      if (name !== policy) return;
      const text = annotations[PLAN_REQUESTS_ANNOTATION];
      const gone = nodes.filter((node) => !records.has(node) && !isRequested(text, node, user));
      if (gone.length > 0) looks.push(lookFor(gone, end));
    },
  });
  await Promise.all(looks);
  return { records, refused };
}
