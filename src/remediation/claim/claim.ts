/** From evidence to a claim: is it fresh, and what is the incident called? */
import { parseGoDuration } from '../../api/go-duration.ts';
import type { Mode } from '../../api/policy/approval.ts';
import { FINAL_PHASES } from '../../api/remediation.ts';
import { beganAt, podOf, type TriggerEvidence } from '../../api/trigger.ts';
import { acknowledgeWith } from '../acknowledge-with.ts';
import { isPlanOnRequest, isRolledBackOnRequest } from '../facts.ts';
import { leftToSomeone } from '../left-to-someone.ts';
import { NOT_IN_SCOPE, OVERLAPPING } from '../scope/reasons.ts';
import type { Remediation } from '../world.ts';
import { remediationName } from './name.ts';

/** Older evidence is ignored: after a cold start the operator must not repair what has recovered in the meantime. */
const EVIDENCE_LIMIT_MS = 10 * 60_000;

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
  /** Of the policy under which it would be claimed. */
  readonly mode: Mode;
  /** What the node is now, as far as it is known: a plan is made again where it is another than before. */
  readonly nodeNow: NodeNow;
  readonly remediations: readonly Remediation[];
  readonly now: number;
}

export interface NodeNow {
  readonly bootID: string | null;
  /** Last start of its kubelet, epoch milliseconds. */
  readonly kubeletStartedAt: number | null;
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
export function whyNotClaimed(seen: Seen): Skip | null {
  const { evidence, sawAt: saw, node, remediations, now } = seen;
  const subject = subjectOf(evidence);
  // The node's clock may be off: it counts only for what happened before the operator started.
  const seenAt = saw ?? Math.min(beganAt(evidence), now);
  // A plan that a person asked for says nothing of an incident, and keeps none from being claimed.
  const here = remediations.filter((other) => other.spec.node.uid === node.uid && !isPlanOnRequest(other));
  const rolledBack = here.find(
    (other) => other.status.phase === 'RolledBack' && !other.acknowledged && !isRolledBackOnRequest(other),
  );
  if (rolledBack) return { kind: 'skip', reason: 'NodeRolledBack', advice: leftAlone(rolledBack) };
  const known =
    evidence.trigger === 'Drift'
      ? // It is about the node, whatever an earlier repair of it began with.
        (leftToSomeone(here, evidence.drift.provenAt) ?? here.find((other) => isPlannedEnough(other, seen)))
      : here.find((other) => subjectOf(other.spec) === subject && !isClosedBefore(other, seenAt, seen));
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

/** An incident that was cancelled or only planned changed nothing, so evidence from before it still counts. */
const changedTheWorld = ({ status }: Remediation): boolean =>
  !['Cancelled', 'Planned', 'Expired'].includes(status.phase);

/** What its agent found there is newer than the check or inspection that it began with. */
const lookedAtTheNode = ({ spec, status }: Remediation): boolean =>
  spec.trigger === 'Drift' && status.repair !== undefined;

/**
 * The pod recovered, the incident was cancelled while it waited, or an administrator acknowledged its end, and the pod
 * died or failed again afterwards: that is a new incident. Any other end is final for its pod.
 */
function isClosedBefore(remediation: Remediation, seenAt: number, seen: Seen): boolean {
  const { status, acknowledged } = remediation;
  // Nothing was done about that death either, and now there is a policy again that decides about the node.
  if (status.phase === 'Cancelled' && HANDED_OVER.includes(status.reason ?? '')) return true;
  // Nor here: what was planned, or not approved in time, may be repaired or planned again.
  if (status.phase === 'Planned') return !isPlannedEnough(remediation, seen);
  const isClosed = ['Healed', 'Cancelled', 'Expired'].includes(status.phase) || acknowledged;
  return isClosed && seenAt > Date.parse(status.finishedAt ?? '');
}

/** Nobody, or another policy, was to decide about the node. */
const HANDED_OVER: readonly string[] = ['PolicyDeleted', NOT_IN_SCOPE, OVERLAPPING];

/** The pod that failed; a drift is about the node itself. */
const subjectOf = (evidence: TriggerEvidence): string => podOf(evidence)?.uid ?? 'drift';

/**
 * Another plan of the same node would say the same: it would be made with every crash, for as long as the policy only
 * plans. After a while, or when the node has changed, it says something new.
 */
function isPlannedEnough({ spec, status }: Remediation, { mode, nodeNow, now }: Seen): boolean {
  if (status.phase !== 'Planned' || mode !== 'Plan' || !status.plan) return false;
  const { madeAt, madeFor } = status.plan;
  if (now - Date.parse(madeAt) > parseGoDuration(spec.settings.approval.expiresAfter)) return false;
  if (nodeNow.bootID !== null && nodeNow.bootID !== madeFor.bootID) return false;
  const known = Date.parse(madeFor.kubeletStartedAt ?? madeAt);
  return nodeNow.kubeletStartedAt === null || nodeNow.kubeletStartedAt <= known;
}
