/** From evidence to a claim: is it fresh, and what is the incident called? */
import { FINAL_PHASES } from '../../api/remediation.ts';
import { beganAt, podOf, type TriggerEvidence } from '../../api/trigger.ts';
import { acknowledgeWith } from '../acknowledge-with.ts';
import { isRolledBackOnRequest } from '../facts.ts';
import { leftToSomeone } from '../left-to-someone.ts';
import { NOT_IN_SCOPE, OVERLAPPING } from '../scope/reasons.ts';
import type { Remediation } from '../world.ts';

/** Older evidence is ignored: after a cold start the operator must not repair what has recovered in the meantime. */
const EVIDENCE_LIMIT_MS = 10 * 60_000;
/** Room for `-`, the digest and a suffix within the 63 characters of a label value. */
const NODE_PART_LENGTH = 40;

type ClaimDecision = { readonly kind: 'claim'; readonly name: string } | Skip;

interface Skip {
  readonly kind: 'skip';
  readonly reason: 'EvidenceTooOld' | 'OlderThanLastRepair' | 'NodeHasIncident' | 'NodeRolledBack' | 'Known';
  /** What an administrator can do, where the pod would otherwise go on crashing for no visible reason. */
  readonly advice?: string;
}

interface Seen {
  readonly evidence: TriggerEvidence;
  /** When the operator itself saw it: the death of the container, or the last failed answer. null: it was there before. */
  readonly sawAt: number | null;
  readonly node: { readonly name: string; readonly uid: string };
  readonly remediations: readonly Remediation[];
  readonly now: number;
}

interface ClaimRequest extends Seen {
  /** A short stable digest of its argument, lower-case hexadecimal. */
  readonly digest: (text: string) => string;
}

/** Decides whether what was seen becomes an incident of its own. */
export function decideClaim(request: ClaimRequest): ClaimDecision {
  return whyNotClaimed(request) ?? { kind: 'claim', name: freeName(request) };
}

/** null: it becomes one. */
export function whyNotClaimed({ evidence, sawAt: saw, node, remediations, now }: Seen): Skip | null {
  const subject = subjectOf(evidence);
  // The node's clock may be off: it counts only for what happened before the operator started.
  const seenAt = saw ?? Math.min(beganAt(evidence), now);
  const here = remediations.filter((other) => other.spec.node.uid === node.uid);
  const rolledBack = here.find(
    (other) => other.status.phase === 'RolledBack' && !other.acknowledged && !isRolledBackOnRequest(other),
  );
  if (rolledBack) return { kind: 'skip', reason: 'NodeRolledBack', advice: leftAlone(rolledBack) };
  const known =
    evidence.trigger === 'Drift'
      ? // It is about the node, whatever an earlier repair of it began with.
        leftToSomeone(here, evidence.drift.provenAt)
      : here.find((other) => subjectOf(other.spec) === subject && !isClosedBefore(other, seenAt));
  if (known)
    return {
      kind: 'skip',
      reason: 'Known',
      ...(needsSomeone(known) ? { advice: isFinal(known, evidence) } : {}),
    };
  if (here.some((other) => !FINAL_PHASES.includes(other.status.phase)))
    return { kind: 'skip', reason: 'NodeHasIncident' };
  if (now - seenAt > EVIDENCE_LIMIT_MS)
    return {
      kind: 'skip',
      reason: 'EvidenceTooOld',
      // A node that was found wrong is checked again by itself.
      ...(evidence.trigger === 'Drift' ? {} : { advice: tooOld(beganAt(evidence)) }),
    };
  const lastEnd = Math.max(
    0,
    ...here
      .filter((other) => changedTheWorld(other) || (evidence.trigger === 'Drift' && lookedAtTheNode(other)))
      .map((other) => Date.parse(other.status.finishedAt ?? '') || 0),
  );
  return seenAt <= lastEnd ? { kind: 'skip', reason: 'OlderThanLastRepair' } : null;
}

/** Derived from how many incidents this subject had; further on if an older record was deleted, so that none is met. */
function freeName({ evidence, node, remediations, digest }: ClaimRequest): string {
  const subject = subjectOf(evidence);
  const here = remediations.filter((other) => other.spec.node.uid === node.uid);
  const before = here.filter((other) => subjectOf(other.spec) === subject);
  const taken = new Set(here.map((other) => other.name));
  let incarnation = `${subject}${'+'.repeat(before.length)}`;
  while (taken.has(remediationName(node, incarnation, digest))) incarnation += '+';
  return remediationName(node, incarnation, digest);
}

const leftAlone = ({ name, spec }: Remediation): string =>
  `Node ${spec.node.name} is left alone, because its last repair was rolled back. Find out why (\`kubectl describe dnsrem ${name}\`), then acknowledge it: ${acknowledgeWith(name)}.`;

function isFinal({ name, status }: Remediation, { trigger }: TriggerEvidence): string {
  const [what, still] =
    trigger === 'Drift'
      ? ['node', 'the next check still finds the node wrong']
      : ['pod', 'the pod still loops'];
  return `The repair of this ${what} ended as ${status.phase}${status.reason ? ` (${status.reason})` : ''} and is not tried again. Follow its advice (\`kubectl describe dnsrem ${name}\`), then acknowledge it: ${acknowledgeWith(name)}. If ${still}, a new repair starts then.`;
}

const needsSomeone = ({ status, acknowledged }: Remediation): boolean =>
  !acknowledged && (status.phase === 'Refused' || status.phase === 'Failed');

const tooOld = (diedAt: number): string =>
  `No repair was started, because by the clock of the node the pod crashed at ${new Date(diedAt).toISOString()}, more than ${EVIDENCE_LIMIT_MS / 60_000} minutes before the operator first saw it. If the pod still loops, its next crash starts a repair. If that time is wrong, correct the clock of the node.`;

/** A cancelled incident changed nothing, so evidence from before it still counts. */
const changedTheWorld = (remediation: Remediation): boolean => remediation.status.phase !== 'Cancelled';

/** What its agent found there is newer than the check or inspection that it began with. */
const lookedAtTheNode = ({ spec, status }: Remediation): boolean =>
  spec.trigger === 'Drift' && status.repair !== undefined;

/**
 * The pod recovered, the incident was cancelled while it waited, or an administrator acknowledged its end, and the pod
 * died or failed again afterwards: that is a new incident. Any other end is final for its pod.
 */
function isClosedBefore({ status, acknowledged }: Remediation, seenAt: number): boolean {
  // Nothing was done about that death either, and now there is a policy again that decides about the node.
  if (status.phase === 'Cancelled' && HANDED_OVER.includes(status.reason ?? '')) return true;
  const isClosed = status.phase === 'Healed' || status.phase === 'Cancelled' || acknowledged;
  return isClosed && seenAt > Date.parse(status.finishedAt ?? '');
}

/** Nobody, or another policy, was to decide about the node. */
const HANDED_OVER: readonly string[] = ['PolicyDeleted', NOT_IN_SCOPE, OVERLAPPING];

/** The pod that failed; a drift is about the node itself. */
const subjectOf = (evidence: TriggerEvidence): string => podOf(evidence)?.uid ?? 'drift';

/** Derived from the node and the pod that died, so that a second create collides. */
function remediationName(
  node: { readonly name: string; readonly uid: string },
  incarnation: string,
  digest: (text: string) => string,
): string {
  const readable = node.name.toLowerCase().replaceAll('.', '-').slice(0, NODE_PART_LENGTH).replace(/-+$/, '');
  return `${readable}-${digest(`${node.uid}/${incarnation}`).slice(0, 8)}`;
}
