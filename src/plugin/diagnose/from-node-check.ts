/** What the operator's last check of the node says of the next pod there: a fact where it still holds, and evidence. Pure. */
import { CHECK_ANNOTATION } from '../../api/keys.ts';
import { type NodeCheckRecord, parseNodeCheckRecord } from '../../api/node-check-record.ts';
import { NODE_CONDITION, statusOf } from '../../api/node-condition.ts';
import { lastChange } from './from-records.ts';
import type { GatheredPod } from './gathered.ts';

export function withNodeCheck(pod: GatheredPod): GatheredPod {
  const record = recordOf(pod);
  if (!record) return pod;
  const { condition } = record;
  const name = pod.node?.facts.name ?? '';
  const warning = warningOf(pod);
  const given = givenAfter(record, lastChange(pod.facts));
  return {
    ...pod,
    facts: {
      ...(given && { newPodResolvConf: { ...given, source: `check of node ${name}, ${given.source}` } }),
      ...pod.facts,
    },
    ...(warning !== undefined && { warning }),
    notes: [
      ...pod.notes,
      {
        source: `condition ${NODE_CONDITION} of ${name}, ${condition.reason} since ${condition.since}`,
        text: condition.message,
      },
    ],
  };
}

/** That the next DNS pod on the node may loop, although this one may be well. Undefined if nothing says so. */
export function warningOf(pod: Pick<GatheredPod, 'node'>): string | undefined {
  const { condition, found } = recordOf(pod) ?? {};
  if (!condition || (found?.verdict !== 'drifted' && statusOf(condition.reason) !== 'False'))
    return undefined;
  return `The condition of node ${pod.node?.facts.name ?? ''} is ${condition.reason}: ${condition.message}`;
}

const recordOf = ({ node }: Pick<GatheredPod, 'node'>): NodeCheckRecord | null =>
  parseNodeCheckRecord(node?.facts.annotations[CHECK_ANNOTATION] ?? '');

/**
 * The file that a check saw after the last change; its pod is given the file when it is started, which is not when the
 * check ends. A later check that failed leaves open which one that was.
 */
function givenAfter({ check, found }: NodeCheckRecord, change: number) {
  const isOfLast = check !== undefined && found?.at === check.endedAt;
  if (!isOfLast || found.nameservers.length === 0 || Date.parse(check.startedAt) < change) return undefined;
  return {
    source: found.at,
    text: found.nameservers.map((server) => `nameserver ${server}\n`).join(''),
  };
}
