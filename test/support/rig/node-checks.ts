/** The checks of a rig's nodes: what the nodes say of them, and how a test makes a node due for one, or not. */
import { CHECK_ANNOTATION } from '../../../src/api/keys.ts';
import {
  CHECK_RECORD_VERSION,
  type NodeCheckRecord,
  parseNodeCheckRecord,
} from '../../../src/api/node-check-record.ts';
import { NODE_CONDITION, type NodeConditionReason } from '../../../src/api/node-condition.ts';
import type { Rig } from '../../cluster/rig.ts';
import { until } from '../../cluster/until.ts';

export interface ConditionObject {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  readonly message: string;
}

interface CheckedNode {
  readonly metadata: { readonly uid: string; readonly annotations?: Readonly<Record<string, string>> };
  readonly status: { readonly conditions: readonly ConditionObject[] };
}

const read = async (rig: Rig, node: string): Promise<CheckedNode> =>
  rig.api.json<CheckedNode>(`/api/v1/nodes/${node}`);

/** The condition `dnshealth.io/ResolverConfigured`. */
export async function nodeCondition(rig: Rig, node: string): Promise<ConditionObject | undefined> {
  return (await read(rig, node)).status.conditions.find(({ type }) => type === NODE_CONDITION);
}

export async function checkRecord(rig: Rig, node: string): Promise<NodeCheckRecord | null> {
  return parseNodeCheckRecord((await read(rig, node)).metadata.annotations?.[CHECK_ANNOTATION] ?? '');
}

/** Waits until a check of the node is recorded that this accepts. */
export function untilChecked(
  rig: Rig,
  node: string,
  what: string,
  accept: (record: NodeCheckRecord) => boolean,
  timeoutMs = 180_000,
): Promise<NodeCheckRecord> {
  return until(
    async () => {
      const record = await checkRecord(rig, node);
      return record && accept(record) ? record : undefined;
    },
    { what: `the check of ${node} ${what}`, timeoutMs, everyMs: 50 },
  );
}

export function untilCondition(
  rig: Rig,
  node: string,
  reason: NodeConditionReason,
  timeoutMs = 180_000,
): Promise<ConditionObject> {
  return until(
    async () => {
      const condition = await nodeCondition(rig, node);
      if (condition?.reason === reason) return condition;
      // What the timeout then says.
      throw new Error(condition ? `it is ${condition.reason}: ${condition.message}` : 'there is none');
    },
    { what: `the condition of ${node} to be ${reason}`, timeoutMs, everyMs: 50 },
  );
}

/** All nodes count as never checked, so that they are checked as soon as there is a policy. */
export async function neverChecked(rig: Rig): Promise<void> {
  await rig.kubectl(['annotate', 'nodes', '--all', `${CHECK_ANNOTATION}-`]);
}

/**
 * All nodes count as checked and found well a minute ago. For nine more they are not checked again, whatever happens to
 * them, so that a test of a crash does not get an incident that a check has begun. Not just now: the pod of a check that
 * is started in the same second would count as recorded.
 */
export async function justChecked(rig: Rig): Promise<void> {
  const at = new Date(Date.now() - 60_000).toISOString();
  for (const { name } of rig.nodes) {
    const check = { startedAt: at, endedAt: at, why: 'FirstSeen', outcome: 'proven' } as const;
    await record(rig, name, {
      version: CHECK_RECORD_VERSION,
      check: { ...check, bootID: '', kubeletVersion: '', osImage: '' },
      failures: 0,
      condition: { reason: 'NotChecked', message: 'Set by a test.', since: at, writtenAt: at },
    });
  }
}

/** A node may be checked every ten minutes; the last check of this one counts as eleven minutes older than it is. */
export async function checkedLongAgo(rig: Rig, node: string): Promise<void> {
  const last = await checkRecord(rig, node);
  if (!last?.check) throw new Error(`${node} was not checked`);
  const { check, found, provenAt } = last;
  const older = (time: string): string => new Date(Date.parse(time) - 11 * 60_000).toISOString();
  await record(rig, node, {
    ...last,
    check: { ...check, startedAt: older(check.startedAt), endedAt: older(check.endedAt) },
    ...(found && { found: { ...found, at: older(found.at) } }),
    ...(provenAt !== undefined && { provenAt: older(provenAt) }),
  });
}

async function record(rig: Rig, node: string, content: NodeCheckRecord): Promise<void> {
  const text = JSON.stringify(content);
  await rig.kubectl(['annotate', 'node', node, '--overwrite', `${CHECK_ANNOTATION}=${text}`]);
}
