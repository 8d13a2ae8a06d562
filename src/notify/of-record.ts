/** Which changes of a DNSRemediation are told: the quarantine of its node, a plan that waits for approval, and its end. */
import {
  FINAL_PHASES,
  type Outcome,
  type Phase,
  type RemediationSpec,
  type RemediationStatus,
} from '../api/remediation.ts';
import type { Notice } from './notice.ts';

/** The record that a status belongs to. */
export interface Subject {
  readonly name: string;
  readonly uid: string;
  readonly spec: RemediationSpec;
}

/** What lies between two states of one record. Only a change is told, so that nothing is told again after a restart. */
export function noticesBetween(
  before: RemediationStatus,
  after: RemediationStatus,
  subject: Subject,
): readonly Notice[] {
  return [quarantined, approvalWanted, ended].flatMap((notice) => notice(before, after, subject) ?? []);
}

function quarantined(before: RemediationStatus, after: RemediationStatus, subject: Subject): Notice | null {
  const since = after.quarantine?.heldSince;
  // A quarantine that is put back after a failure is part of that end.
  if (since === undefined || before.quarantine?.heldSince !== undefined || after.hold !== undefined)
    return null;
  const node = subject.spec.node.name;
  return {
    ...about(subject, after),
    id: `${subject.uid}/Quarantined`,
    event: 'Quarantined',
    at: since,
    severity: 'info',
    title: `Node ${node} is in quarantine while its kubelet is repaired`,
    text: `No new pods are scheduled to node ${node} until the repair is proven. Its running pods stay.`,
  };
}

function approvalWanted(
  before: RemediationStatus,
  after: RemediationStatus,
  subject: Subject,
): Notice | null {
  const { plan } = after;
  if (after.phase !== 'AwaitingApproval' || !plan) return null;
  if (before.phase === 'AwaitingApproval' && before.plan?.hash === plan.hash) return null;
  const { name, spec } = subject;
  const until = plan.expiresAt === undefined ? '' : ` until ${plan.expiresAt}`;
  return {
    ...about(subject, after),
    // With the hash: a plan that was made again wants an approval of its own.
    id: `${subject.uid}/ApprovalWanted/${plan.hash}`,
    event: 'ApprovalWanted',
    at: plan.madeAt,
    severity: 'warning',
    title: `A repair of node ${spec.node.name} waits for approval${until}`,
    text: plan.summary,
    advice: `Look at the plan with \`kubectl dnshealth report ${name}\`, then answer it: \`kubectl dnshealth approve ${name}\` or \`kubectl dnshealth reject ${name} --reason TEXT\`.`,
    plan: planOf(plan),
  };
}

const TITLES: Readonly<Record<Outcome, (node: string) => string>> = {
  Healed: (node) => `Node ${node} is healed`,
  Planned: (node) => `A repair of node ${node} is planned`,
  Refused: (node) => `The repair of node ${node} was refused`,
  RolledBack: (node) => `The repair of node ${node} was rolled back`,
  Failed: (node) => `The repair of node ${node} failed`,
  Expired: (node) => `Nobody approved the plan for node ${node} in time`,
  Superseded: (node) => `Another remediation took the place of this one of node ${node}`,
  Cancelled: (node) => `The remediation of node ${node} was cancelled`,
};

function ended(before: RemediationStatus, after: RemediationStatus, subject: Subject): Notice | null {
  const { finishedAt, phase, plan } = after;
  if (before.finishedAt !== undefined || finishedAt === undefined || !isOutcome(phase)) return null;
  return {
    ...about(subject, after),
    id: `${subject.uid}/${phase}`,
    event: phase,
    at: finishedAt,
    severity: isExpected(after) ? 'info' : 'warning',
    title: TITLES[phase](subject.spec.node.name),
    text: after.message ?? `${TITLES[phase](subject.spec.node.name)}.`,
    ...(after.advice === undefined ? {} : { advice: after.advice }),
    ...(phase === 'Planned' && plan ? { plan: planOf(plan) } : {}),
  };
}

const isOutcome = (phase: Phase): phase is Outcome => FINAL_PHASES.includes(phase);

/** Nobody has to look: it went as the policy or a person wanted. */
const isExpected = ({ phase, reason }: RemediationStatus): boolean =>
  phase === 'Healed' ||
  phase === 'Planned' ||
  phase === 'Cancelled' ||
  phase === 'Superseded' ||
  reason === 'RolledBackOnRequest' ||
  reason === 'Rejected';

function about({ name, uid, spec }: Subject, { phase, reason }: RemediationStatus) {
  return {
    policy: { name: spec.policy.name, uid: spec.policy.uid },
    node: spec.node.name,
    remediation: { name, uid, trigger: spec.trigger, phase, ...(reason === undefined ? {} : { reason }) },
  };
}

function planOf({ hash, expiresAt }: NonNullable<RemediationStatus['plan']>): NonNullable<Notice['plan']> {
  return { hash, ...(expiresAt === undefined ? {} : { expiresAt }) };
}
