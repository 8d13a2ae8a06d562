/** A node that keeps drifting is left to an administrator: something there writes the wrong value again, and each repair restarts its kubelet. */
import { acknowledgeWith } from '../acknowledge-with.ts';
import { changedTheNode, stepIsFinished } from '../facts.ts';
import { end, pass, type Verdict } from '../verdict.ts';
import type { Remediation, Situation } from '../world.ts';

const WINDOW_MS = 24 * 60 * 60_000;
/** Recorded only after an inspection: see `stages/investigate.ts`. */
export const REPAIRED_TOO_OFTEN = 'RepairedTooOften';

export function notTooOften({ remediation, world, now }: Situation): Verdict {
  const { spec } = remediation;
  if (spec.trigger !== 'Drift') return pass;
  const { maxRepairs } = spec.settings.drift;
  const ofThisNode = world.remediations.filter(
    (other) => other.name !== remediation.name && other.spec.node.uid === spec.node.uid,
  );
  // Whoever acknowledged the refusal has dealt with what came before it.
  const dealtWith = ofThisNode.filter(
    ({ status, acknowledged }) => acknowledged && status.reason === REPAIRED_TOO_OFTEN,
  );
  const since = Math.max(now - WINDOW_MS, ...dealtWith.map(endOf));
  const repairs = ofThisNode
    .filter((other) => changedTheNode(other.status) && endOf(other) > since)
    .toSorted((a, b) => endOf(a) - endOf(b));
  if (repairs.length < maxRepairs) return pass;
  const { name } = spec.node;
  const explained = [...repairs, remediation].findLast(({ status }) => status.rewrittenBy.length > 0);
  const names = repairs.map((other) => other.name).join(', ');
  return end({
    phase: 'Refused',
    reason: REPAIRED_TOO_OFTEN,
    message: [
      `The kubelet of node ${name} was repaired ${repairs.length === 1 ? 'once' : `${repairs.length} times`} within the last 24 hours (${names}), and it is wrong again.`,
      'Something on the node writes the wrong value each time.',
      ...whatItWas(explained),
      ...whenItWas(remediation),
    ].join(' '),
    advice: `${whereToLook(explained)} Then acknowledge this record, and the node is repaired once more: ${acknowledgeWith(remediation.name)}.`,
    hold: false,
  });
}

/** By the inspection of this incident or, where that has shown nothing, by the last repair that has. */
function whatItWas(explained: Remediation | undefined): readonly string[] {
  const [best] = explained?.status.rewrittenBy ?? [];
  if (best === undefined || best.explanation === 'Unknown') return [];
  return [
    `It was probably ${best.explanation} (confidence ${best.confidence}): ${best.evidence[0] ?? 'no further evidence.'}`,
  ];
}

const whereToLook = (explained: Remediation | undefined): string =>
  explained === undefined
    ? 'Find out what writes the file, for example a configuration manager or a script that runs at boot, and correct it there.'
    : `Correct what writes it: \`kubectl describe dnsrem ${explained.name}\` says under Rewritten By what it may be, and what to change there.`;

/** What the inspection of this incident saw, or why it saw nothing. */
function whenItWas(remediation: Remediation): readonly string[] {
  const { inspection, steps } = remediation.status;
  const rewritten = inspection?.rewritten;
  if (rewritten)
    return [
      `The file ${rewritten.path} was changed at ${rewritten.ctime} (owner ${rewritten.owner}, mode ${rewritten.mode}).`,
    ];
  if (!stepIsFinished(remediation, 'Inspect')) return [];
  const why = steps.find((step) => step.name === 'Inspect')?.message ?? '';
  return [`The node was not inspected again: ${why}`];
}

const endOf = ({ status, createdAt }: Remediation): number =>
  Date.parse(status.finishedAt ?? '') || createdAt;
