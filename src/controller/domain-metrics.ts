/** Metrics about DNS and remediations, beside those of the runtime. */
import { LOOP_CAUSES } from '../api/loop-cause.ts';
import { FINAL_PHASES, type RemediationStatus, STEP_NAMES, type StepName } from '../api/remediation.ts';
import { beganAt, TRIGGERS } from '../api/trigger.ts';
import { WAITS_OF_LIMITS } from '../remediation/waits.ts';
import type { Remediation } from '../remediation/world.ts';
import type { Metrics } from '../runtime/metrics.ts';

const STEP_BUCKETS = [0.1, 0.25, 0.5, 1, 2, 3, 5, 8, 13, 21, 34, 60, 120];
const INCIDENT_BUCKETS = [2, 4, 6, 8, 10, 15, 20, 30, 60, 120, 300, 600];

export interface DomainMetrics {
  /** A container death was diagnosed. */
  sighted(cause: string): void;
  /** A remediation's status was written. */
  follow(before: Remediation, after: RemediationStatus): void;
}

export function createDomainMetrics(metrics: Metrics): DomainMetrics {
  const sightings = metrics.counter('dnshealth_sightings_total', 'Container deaths of DNS pods, by cause', [
    'cause',
  ]);
  const ended = metrics.counter(
    'dnshealth_remediations_total',
    'Remediations by what they began with, outcome and reason',
    ['trigger', 'outcome', 'reason'],
  );
  const waits = metrics.counter(
    'dnshealth_waits_total',
    'Times a repair had to wait before it began, by reason',
    ['reason'],
  );
  const step = metrics.histogram('dnshealth_step_seconds', 'Duration of a step', ['step'], STEP_BUCKETS);
  const incident = metrics.histogram(
    'dnshealth_incident_seconds',
    'Time from the beginning of an incident (a crash, the first failed answer, or the check that found the node wrong) to its end',
    ['trigger', 'outcome'],
    INCIDENT_BUCKETS,
  );
  const plans = metrics.counter('dnshealth_plans_total', 'Plans that were made, by what they would change', [
    'changes',
  ]);
  const answers = metrics.counter(
    'dnshealth_plan_answers_total',
    'What became of plans that waited for an approval',
    ['answer'],
  );
  // What is exported for the first time with 1 does not count as an increase.
  for (const cause of LOOP_CAUSES) sightings.inc({ cause }, 0);
  for (const reason of WAITS_OF_LIMITS) waits.inc({ reason }, 0);
  for (const changes of ['Kubelet', 'File', 'Nothing']) plans.inc({ changes }, 0);
  for (const answer of Object.values(ANSWERS)) answers.inc({ answer }, 0);
  for (const trigger of TRIGGERS)
    for (const outcome of FINAL_PHASES) {
      ended.inc({ trigger, outcome, reason: '' }, 0);
      incident.zero({ trigger, outcome });
    }
  for (const name of STEP_NAMES) step.zero({ step: name });

  return {
    sighted: (cause) => sightings.inc({ cause }),
    follow({ status: before, spec }, after) {
      for (const name of STEP_NAMES) {
        const seconds = justFinished(name, before, after);
        if (seconds !== null) step.observe({ step: name }, seconds);
      }
      if (after.phase === 'Pending' && after.reason !== before.reason && after.reason !== undefined)
        waits.inc({ reason: after.reason });
      if (after.plan && after.plan.number !== before.plan?.number) plans.inc({ changes: after.plan.changes });
      const answer = answerBetween(before, after);
      if (answer !== null) answers.inc({ answer });
      if (before.finishedAt === undefined && after.finishedAt !== undefined) {
        const { trigger } = spec;
        ended.inc({ trigger, outcome: after.phase, reason: after.reason ?? '' });
        const seconds = (Date.parse(after.finishedAt) - beganAt(spec)) / 1000;
        incident.observe({ trigger, outcome: after.phase }, seconds);
      }
    },
  };
}

function justFinished(name: StepName, before: RemediationStatus, after: RemediationStatus): number | null {
  const stepIn = (status: RemediationStatus) => status.steps.find((candidate) => candidate.name === name);
  const done = stepIn(after);
  if (!done?.finishedAt || stepIn(before)?.finishedAt) return null;
  return (Date.parse(done.finishedAt) - Date.parse(done.startedAt)) / 1000;
}

const ANSWERS = {
  approved: 'Approved',
  rejected: 'Rejected',
  expired: 'Expired',
  outdated: 'Outdated',
  withdrawn: 'Withdrawn',
} as const;

function answerBetween(before: RemediationStatus, after: RemediationStatus): string | null {
  if (after.approval && after.approval.hash !== before.approval?.hash) return ANSWERS.approved;
  if (after.reason === before.reason && after.phase === before.phase) return null;
  if (after.phase === 'Refused' && after.reason === 'Rejected') return ANSWERS.rejected;
  if (after.phase === 'Expired') return ANSWERS.expired;
  if (after.reason === 'ApprovalOutdated') return ANSWERS.outdated;
  const isSamePlan = after.plan?.number === before.plan?.number;
  return before.approval && !after.approval && isSamePlan ? ANSWERS.withdrawn : null;
}
