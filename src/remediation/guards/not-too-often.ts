/** A node that keeps drifting is left to a person: something there writes the wrong value again, and each repair restarts its kubelet. */
import { changedTheNode } from '../facts.ts';
import { end, pass, type Verdict } from '../verdict.ts';
import type { Remediation, Situation } from '../world.ts';

const WINDOW_MS = 24 * 60 * 60_000;
const REASON = 'RepairedTooOften';

export function notTooOften({ remediation, world, now }: Situation): Verdict {
  const { spec } = remediation;
  if (spec.trigger !== 'Drift') return pass;
  const { maxRepairs } = spec.settings.drift;
  const ofThisNode = world.remediations.filter(
    (other) => other.name !== remediation.name && other.spec.node.uid === spec.node.uid,
  );
  // Whoever acknowledged the refusal has dealt with what came before it.
  const dealtWith = ofThisNode.filter(({ status, acknowledged }) => acknowledged && status.reason === REASON);
  const since = Math.max(now - WINDOW_MS, ...dealtWith.map(endOf));
  const repairs = ofThisNode.filter((other) => changedTheNode(other.status) && endOf(other) > since);
  if (repairs.length < maxRepairs) return pass;
  const { name } = spec.node;
  const [best] = repairs.findLast(({ status }) => status.rewrittenBy.length > 0)?.status.rewrittenBy ?? [];
  const likely =
    best === undefined || best.explanation === 'Unknown'
      ? ''
      : ` It was probably ${best.explanation} (confidence ${best.confidence}): ${best.evidence[0] ?? 'no further evidence.'}`;
  const names = repairs.map((other) => other.name).join(', ');
  return end({
    phase: 'Refused',
    reason: REASON,
    message: `The kubelet of node ${name} was repaired ${repairs.length === 1 ? 'once' : `${repairs.length} times`} within the last 24 hours (${names}), and it is wrong again. Something on the node writes the wrong value each time.${likely}`,
    advice: `Correct what writes it: \`kubectl describe dnsrem ${repairs.at(-1)?.name}\` says when the file was changed and what may have changed it. Then acknowledge this record, and the node is repaired once more: \`kubectl annotate dnsrem ${remediation.name} dnshealth.io/acknowledged=true\`.`,
    hold: false,
  });
}

const endOf = ({ status, createdAt }: Remediation): number =>
  Date.parse(status.finishedAt ?? '') || createdAt;
