/** Kubernetes events: one builder for each, from a sighting or from two states of a record. */
import type { Observation, PolicyStatus } from '../../api/policy/status.ts';
import type { Phase, RemediationStatus, StepName } from '../../api/remediation.ts';
import type { Diagnosis } from '../../diagnosis/diagnose.ts';
import { acknowledgeWith } from '../acknowledge-with.ts';
import { shortHash } from '../planning/approval.ts';
import type { Remediation } from '../world.ts';
import { isProven } from './proof.ts';

/** What an event is about. A DNS pod is in kube-system, the others are cluster-scoped. */
export type Subject =
  | { readonly kind: 'policy' | 'remediation' | 'pod'; readonly name: string; readonly uid: string }
  | { readonly kind: 'node'; readonly name: string };

export interface EventIntent {
  readonly about: readonly Subject[];
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  /** What was done, as events.k8s.io wants it. */
  readonly action: string;
  readonly note: string;
}

/** One write of a remediation's status. */
interface Transition {
  readonly before: RemediationStatus;
  readonly after: RemediationStatus;
  readonly remediation: Pick<Remediation, 'name' | 'uid' | 'spec'>;
}

/**
 * In the order of an incident. Each returns null if its event did not happen.
 *
 * What went as it should is an event of the record; what changes the scheduling of the node is one of the node as well. The
 * policy has the beginning, the end, what went wrong, and what a person has to answer.
 */
const STORY: readonly ((transition: Transition) => EventIntent | readonly EventIntent[] | null)[] = [
  planMade,
  planAnswered,
  quarantined,
  repairStarted,
  repairReported,
  rollbackStarted,
  rollbackReported,
  interfered,
  guardReported,
  proofReported,
  released,
  recreated,
  ended,
  waiting,
];

/** The events that lie between two states of one remediation's status. */
export function eventsBetween(
  before: RemediationStatus,
  after: RemediationStatus,
  remediation: Transition['remediation'],
): readonly EventIntent[] {
  return STORY.flatMap((event) => event({ before, after, remediation }) ?? []);
}

/** A container death that was seen for the first time. */
export function sightingEvent(
  diagnosis: Diagnosis,
  { pod: podName, node, message, advice }: Observation,
  { policy, pod }: { readonly policy: Identity; readonly pod: Identity },
): EventIntent {
  const subjects: Subject[] = [named('policy', policy), named('pod', pod)];
  // Only a loop that the node causes is an event of the node.
  if (diagnosis.remedy.kind === 'repair') subjects.push({ kind: 'node', name: node });
  return {
    about: subjects,
    type: diagnosis.remedy.kind === 'none' ? 'Normal' : 'Warning',
    reason: diagnosis.kind === 'loop' ? 'LoopDetected' : diagnosis.cause,
    action: 'Sight',
    note: `${podName} on ${node}: ${withAdvice(message, advice)}`,
  };
}

/** A DNS pod that runs answers for the cluster and not for external names, and the cause was found. */
export function noExternalAnswerEvent(
  { pod: podName, node, cause, message, advice }: Observation,
  { policy, pod }: { readonly policy: Identity; readonly pod: Identity },
  isOfTheNode: boolean,
): EventIntent {
  return {
    about: [
      named('policy', policy),
      named('pod', pod),
      ...(isOfTheNode ? [{ kind: 'node', name: node } as const] : []),
    ],
    type: 'Warning',
    reason: cause,
    action: 'Ask',
    note: `${podName} on ${node}: ${withAdvice(message, advice)}`,
  };
}

/** What the prober finds is an event when it turns. Readiness is not: it turns with every rollout. */
const PROBER_EVENTS: Readonly<Record<string, EventIntent['type']>> = {
  AllPodsAnswer: 'Normal',
  LateLoop: 'Warning',
  PodsDoNotAnswer: 'Warning',
  UpstreamUnreachable: 'Warning',
  ServiceDoesNotAnswer: 'Warning',
};

/** The condition Healthy of a policy has another reason than before, because of what the DNS pods answer. */
export function healthTurned(
  policy: Identity,
  before: Pick<PolicyStatus, 'conditions'>,
  after: Pick<PolicyStatus, 'conditions'>,
): readonly EventIntent[] {
  const healthyIn = ({ conditions }: Pick<PolicyStatus, 'conditions'>) =>
    conditions.find(({ type }) => type === 'Healthy');
  const healthy = healthyIn(after);
  const type = PROBER_EVENTS[healthy?.reason ?? ''];
  if (!healthy || type === undefined || healthy.reason === healthyIn(before)?.reason) return [];
  const { reason, message } = healthy;
  return [{ about: [named('policy', policy)], type, reason, action: 'Ask', note: message }];
}

/** A remediation was written by another version, and this one cannot read it. */
export function unreadable({ name, uid, status }: Remediation): EventIntent {
  return {
    about: [named('remediation', { name, uid })],
    type: 'Warning',
    reason: 'Malformed',
    action: 'Read',
    note: `${status.message ?? ''} Nothing is done for it; if it holds its node, that is released after ten minutes. Further repairs are paused until it is acknowledged: ${acknowledgeWith(name)}.`,
  };
}

function quarantined({ before, after, remediation }: Transition): EventIntent | null {
  if (isHeld(before) || !isHeld(after)) return null;
  const node = remediation.spec.node.name;
  return {
    about: concerning(remediation, 'node'),
    type: 'Normal',
    reason: 'Quarantined',
    action: 'Quarantine',
    note:
      after.hold === 'Held'
        ? `${remediation.name}: Node ${node} is in quarantine again, because the repair could not be verified.`
        : `${remediation.name}: Node ${node} is in quarantine (${after.quarantine?.strategy}) while its kubelet is repaired.`,
  };
}

function planMade({ before, after, remediation }: Transition): EventIntent | null {
  const { plan } = after;
  if (!plan || plan.number === before.plan?.number) return null;
  const again = plan.number === 1 ? '' : ` It is plan ${plan.number}, because the node has changed.`;
  const asked = plan.expiresAt === undefined ? '' : ` It waits for an approval until ${plan.expiresAt}.`;
  return {
    about: concerning(remediation, 'policy', 'node'),
    type: 'Normal',
    reason: 'PlanMade',
    action: 'Plan',
    note: `${remediation.name}: ${plan.summary}${again}${asked}`,
  };
}

function planAnswered({ before, after, remediation }: Transition): EventIntent | null {
  const { approval } = after;
  if (approval && before.approval?.hash !== approval.hash)
    return {
      about: concerning(remediation, 'policy', 'node'),
      type: 'Normal',
      reason: 'PlanApproved',
      action: 'Approve',
      note: `${remediation.name}: ${approval.by} approved plan ${shortHash(approval.hash)}.`,
    };
  // A new plan says so itself.
  if (!before.approval || approval || after.plan?.number !== before.plan?.number) return null;
  return {
    about: concerning(remediation, 'policy', 'node'),
    type: 'Warning',
    reason: 'ApprovalWithdrawn',
    action: 'Approve',
    note: `${remediation.name}: The approval of plan ${shortHash(before.approval.hash)} was taken back before the repair began.`,
  };
}

function repairStarted({ before, after, remediation }: Transition): EventIntent | null {
  if (hasBegun(before, 'Repair') || !hasBegun(after, 'Repair')) return null;
  return {
    about: concerning(remediation),
    type: 'Normal',
    reason: 'RepairStarted',
    action: 'Repair',
    note: `${remediation.name}: The agent was started to inspect and repair the kubelet of node ${remediation.spec.node.name}.`,
  };
}

function repairReported({ before, after, remediation }: Transition): EventIntent | null {
  const report = after.repair;
  if (before.repair || !report) return null;
  const isCorrected = report.outcome === 'corrected';
  const isGood = isCorrected || report.outcome === 'repaired' || report.outcome === 'already-right';
  return {
    about: isGood ? concerning(remediation) : concerning(remediation, 'policy', 'node'),
    type: isGood ? 'Normal' : 'Warning',
    reason: isCorrected ? 'FileCorrected' : isGood ? 'KubeletRepaired' : report.reason,
    action: 'Repair',
    note: `${remediation.name}: ${report.message}`,
  };
}

function rollbackStarted({ before, after, remediation }: Transition): EventIntent | null {
  if (hasBegun(before, 'Rollback') || !hasBegun(after, 'Rollback')) return null;
  return {
    about: concerning(remediation),
    type: 'Normal',
    reason: 'RollbackStarted',
    action: 'RollBack',
    note: `${remediation.name}: The agent was started to take an earlier repair of node ${remediation.spec.node.name} back.`,
  };
}

function rollbackReported({ before, after, remediation }: Transition): EventIntent | null {
  const report = after.rollback;
  if (before.rollback || !report) return null;
  const isGood = report.outcome === 'rolled-back';
  return {
    about: isGood ? concerning(remediation) : concerning(remediation, 'policy', 'node'),
    type: isGood ? 'Normal' : 'Warning',
    reason: isGood ? 'KubeletRolledBack' : report.reason,
    action: 'RollBack',
    note: `${remediation.name}: ${report.message}`,
  };
}

/** One look may have found several. */
function interfered({ before, after, remediation }: Transition): readonly EventIntent[] {
  return after.interference
    .filter(({ at, what }) => !before.interference.some((known) => known.at === at && known.what === what))
    .map(({ what, message }) => ({
      about: concerning(remediation, 'policy', 'node'),
      type: 'Warning',
      reason: `Interference${what}`,
      action: 'Observe',
      note: `${remediation.name}: ${message}`,
    }));
}

function guardReported({ before, after, remediation }: Transition): EventIntent | null {
  const report = after.guard;
  if (before.guard || !report) return null;
  const isGood = report.outcome === 'kept';
  return {
    about: isGood ? concerning(remediation) : concerning(remediation, 'policy', 'node'),
    type: isGood ? 'Normal' : 'Warning',
    reason: isGood ? 'KubeletKept' : report.reason,
    action: 'Guard',
    note: `${remediation.name}: ${report.message}`,
  };
}

function proofReported({ before, after, remediation }: Transition): EventIntent | null {
  const report = after.proof;
  if (before.proof || !report) return null;
  const isGood = isProven(report);
  return {
    about: isGood ? concerning(remediation) : concerning(remediation, 'policy', 'node'),
    type: isGood ? 'Normal' : 'Warning',
    reason: isGood ? 'NodeProven' : report.reason,
    action: 'Prove',
    note: `${remediation.name}: ${report.message}`,
  };
}

function released({ before, after, remediation }: Transition): EventIntent | null {
  if (!isHeld(before) || isHeld(after)) return null;
  return {
    about: concerning(remediation, 'node'),
    type: 'Normal',
    reason: 'Released',
    action: 'Release',
    note: `${remediation.name}: Node ${remediation.spec.node.name} was released, and its scheduling state was restored.`,
  };
}

function recreated({ before, after, remediation }: Transition): EventIntent | null {
  if (after.deletedPods.length === before.deletedPods.length) return null;
  const pods = after.deletedPods.slice(before.deletedPods.length);
  return {
    // Not the pod that the incident began with: a drift began with none, and there may be several.
    about: [...concerning(remediation), ...pods.map((pod) => named('pod', pod))],
    type: 'Normal',
    reason: 'Recreated',
    action: 'Recreate',
    note: `${remediation.name}: Deleted ${pods.map(({ name }) => name).join(', ')}, so that the replacement gets the repaired resolv.conf.`,
  };
}

function ended({ before, after, remediation }: Transition): EventIntent | null {
  if (before.finishedAt !== undefined || after.finishedAt === undefined) return null;
  return {
    about: concerning(remediation, 'policy', 'node'),
    type: isGoodEnd(after) ? 'Normal' : 'Warning',
    reason: after.phase,
    action: 'Record',
    note: `${remediation.name}: ${withAdvice(after.message ?? after.phase, after.advice)}`,
  };
}

/** Nothing that a person has to look at. */
const GOOD_ENDS: readonly Phase[] = ['Healed', 'Planned', 'Superseded', 'Cancelled'];

/** `ApprovalOutdated` among them: whoever approved has to know that it does not count. */
function waiting({ before, after, remediation }: Transition): EventIntent | null {
  const isShown = after.phase === 'Pending' || after.reason === 'ApprovalOutdated';
  if (!isShown || after.reason === undefined || after.reason === before.reason) return null;
  return {
    about:
      after.reason === 'ApprovalOutdated'
        ? concerning(remediation, 'policy', 'node')
        : concerning(remediation),
    type: 'Normal',
    reason: after.reason,
    action: 'Wait',
    note: `${remediation.name}: ${after.message ?? ''}`,
  };
}

/** A log line has no full stop of its own, and the advice must not run into it. */
function withAdvice(message: string, advice: string | undefined): string {
  const sentence = /[.!?]$/.test(message) ? message : `${message}.`;
  return advice ? `${sentence} Advice: ${advice}` : sentence;
}

/** As it was wanted, or nothing was. */
const isGoodEnd = ({ phase, reason }: RemediationStatus): boolean =>
  GOOD_ENDS.includes(phase) || reason === 'RolledBackOnRequest';
const isHeld = (status: RemediationStatus): boolean => status.quarantine?.heldSince !== undefined;
const hasBegun = (status: RemediationStatus, step: StepName): boolean =>
  status.steps.some(({ name }) => name === step);

interface Identity {
  readonly name: string;
  readonly uid: string;
}
const named = (kind: 'policy' | 'remediation' | 'pod', { name, uid }: Identity): Subject => ({
  kind,
  name,
  uid,
});

/** The record itself, so that `kubectl describe dnsrem` shows all of its events, and the other objects concerned. */
function concerning(
  remediation: Transition['remediation'],
  ...others: readonly ('policy' | 'node')[]
): readonly Subject[] {
  const { policy, node } = remediation.spec;
  const subjects = {
    policy: named('policy', policy),
    node: { kind: 'node', name: node.name },
  } as const;
  return [named('remediation', remediation), ...others.map((other) => subjects[other])];
}
