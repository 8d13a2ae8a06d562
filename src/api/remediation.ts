/** DNSRemediation: one incident on one node. The spec is the immutable evidence, the status is progress and outcome. */
import * as z from 'zod';
import {
  checkReportSchema,
  guardReportSchema,
  inspectReportSchema,
  repairReportSchema,
  rollbackReportSchema,
} from './agent-report.ts';
import { answerSchema } from './answer.ts';
import { driftSchema } from './drift.ts';
import { evidenceSchema } from './evidence.ts';
import { interferenceSchema } from './interference.ts';
import { KUBELET_DIRECTORIES } from './node-directories.ts';
import { otherPodsSchema } from './other-pods.ts';
import { approvalSchema, planSchema } from './plan.ts';
import { policySpecSchema } from './policy.ts';
import { conditions, objectName, timestamp } from './primitives.ts';
import { explanationSchema } from './rewritten.ts';
import {
  EVIDENCE_RULES,
  type EvidenceField,
  lateLoopSchema,
  requestSchema,
  rollbackSchema,
  sightingSchema,
  TRIGGERS,
  type TriggerEvidence,
} from './trigger.ts';

/** The fields of the spec one by one; `remediationSpecSchema` also holds that trigger and evidence belong together. */
export const remediationSpecFields = z
  .object({
    policy: z
      .object({
        name: objectName().describe('Name of the DNSHealthPolicy.'),
        uid: z.string().describe('UID of the DNSHealthPolicy.'),
      })
      .describe('Policy under which the node is repaired.'),
    node: z
      .object({
        name: objectName().describe('Name of the node.'),
        uid: z.string().describe('UID of the node.'),
        controlPlane: z
          .boolean()
          .optional()
          .describe('Whether it is a control-plane node. Of those, one is repaired at a time.'),
      })
      .describe('Node under repair. A node with the same name and a different UID is a different node.'),
    workload: z
      .object({
        kind: z.enum(['Deployment', 'DaemonSet']).describe('Kind of the workload.'),
        name: objectName().describe('Name of the workload.'),
        container: objectName().describe('Name of the CoreDNS container in its pods.'),
      })
      .optional()
      .describe(
        'DNS workload in kube-system whose pod showed the incident. Absent if no pod did, and in older records, where it is settings.workload.',
      ),
    cause: z.enum(['KubeletResolvConf']).describe('Diagnosed cause that this remediation repairs.'),
    trigger: z
      .enum(TRIGGERS)
      .default('Crash')
      .describe(
        'What the incident began with. Crash: CoreDNS detected the loop and ended itself. LateLoop: CoreDNS keeps running, because its Corefile has no loop plugin, but does not answer for external names. Drift: a check of the node, or an inspection of its files, found it wrong before any DNS pod failed. Request: a person asked what a repair would do to the node. Rollback: a person asked to undo an earlier repair.',
      ),
    sighting: sightingSchema
      .optional()
      .describe('Evidence of the trigger Crash: the crash that was observed. Absent for other triggers.'),
    lateLoop: lateLoopSchema
      .optional()
      .describe(
        'Evidence of the trigger LateLoop: the answers of the pod and the check of its node. Absent for other triggers.',
      ),
    drift: driftSchema
      .optional()
      .describe(
        'Evidence of the trigger Drift: what the check or the inspection of the node found. Absent for other triggers.',
      ),
    request: requestSchema
      .optional()
      .describe('Evidence of the trigger Request: who asked for a plan. Absent for other triggers.'),
    rollback: rollbackSchema
      .optional()
      .describe(
        'Evidence of the trigger Rollback: who asked to undo which repair. Absent for other triggers.',
      ),
    settings: policySpecSchema.describe(
      'Spec of the policy at the time of the claim, without its pauses. Later edits of the policy do not change what a repair does; what keeps it from beginning (mode, pause, limits, breaker, maintenance, nodeSelector) is read from the policy as it is.',
    ),
    evidence: evidenceSchema.optional(),
  })
  .meta({
    'x-kubernetes-validations': [
      { rule: 'self == oldSelf', message: 'spec is immutable' },
      ...EVIDENCE_RULES,
    ],
  })
  .describe('Evidence of the incident, written by the operator when it claims the incident. Immutable.');

type Fields = z.infer<typeof remediationSpecFields>;
/** With exactly the evidence of its trigger. */
export type RemediationSpec = Omit<Fields, 'trigger' | EvidenceField> & TriggerEvidence;

export const remediationSpecSchema = remediationSpecFields.transform((spec, context): RemediationSpec => {
  const { trigger, sighting, lateLoop, drift, request, rollback, ...common } = spec;
  const given = [sighting, lateLoop, drift, request, rollback].filter((evidence) => evidence !== undefined);
  if (given.length === 1) {
    if (trigger === 'Crash' && sighting) return { ...common, trigger, sighting };
    if (trigger === 'LateLoop' && lateLoop) return { ...common, trigger, lateLoop };
    if (trigger === 'Drift' && drift) return { ...common, trigger, drift };
    if (trigger === 'Request' && request) return { ...common, trigger, request };
    if (trigger === 'Rollback' && rollback) return { ...common, trigger, rollback };
  }
  context.issues.push({ code: 'custom', message: `must hold the evidence of ${trigger} alone`, input: spec });
  return z.NEVER;
});

/** In the order in which a remediation passes through them. Those of `FINAL_PHASES` are outcomes. */
export const PHASES = [
  'Pending',
  'Planning',
  'AwaitingApproval',
  'Quarantining',
  'Repairing',
  'Proving',
  'Releasing',
  'Recreating',
  'Verifying',
  'RollingBack',
  'Healed',
  'Planned',
  'Refused',
  'RolledBack',
  'Failed',
  'Expired',
  'Superseded',
  'Cancelled',
] as const;
export type Phase = (typeof PHASES)[number];
const OUTCOMES = [
  'Healed',
  'Planned',
  'Refused',
  'RolledBack',
  'Failed',
  'Expired',
  'Superseded',
  'Cancelled',
] as const satisfies readonly Phase[];
export type Outcome = (typeof OUTCOMES)[number];
export const FINAL_PHASES: readonly Phase[] = OUTCOMES;
export const STEP_NAMES = [
  'Inspect',
  'Quarantine',
  'Repair',
  'Rollback',
  'Guard',
  'Prove',
  'Release',
  'Recreate',
  'Verify',
] as const;
export type StepName = (typeof STEP_NAMES)[number];

const stepSchema = z.object({
  name: z.enum(STEP_NAMES).describe('Name of the step.'),
  startedAt: timestamp().describe('Time at which the step began (RFC 3339).'),
  finishedAt: timestamp()
    .optional()
    .describe('Time at which the step was done (RFC 3339). Absent while it is not.'),
  message: z.string().optional().describe('Human-readable result of the step.'),
});

const verificationSchema = z.object({
  pod: z.string().describe('Name of the DNS pod that was asked.'),
  podUID: z.string().describe('UID of the DNS pod that was asked.'),
  podIP: z.string().describe('IP address at which the pod was asked.'),
  node: z.string().describe('Name of the node that the pod runs on.'),
  containerID: z.string().describe('ID of its container; a different one restarts the stability window.'),
  restartCount: z
    .int()
    .describe('Restart count of the container; a different one restarts the stability window.'),
  firstSuccess: timestamp()
    .optional()
    .describe(
      'Time since which this container has passed (RFC 3339): it answered every query correctly, except those for the external name that were not answered before the change either. Absent if the last attempt failed.',
    ),
  lastAttempt: timestamp().describe('Time of the last attempt (RFC 3339).'),
  answers: z.array(answerSchema).describe('Answers of the last attempt.'),
});

const beforeSchema = z.object({
  pod: z.string().describe('Name of the DNS pod that was asked. It served at that time.'),
  node: z.string().describe('Name of the node that the pod ran on.'),
  askedAt: timestamp().describe('Time at which the pod had been asked (RFC 3339).'),
  answers: z.array(answerSchema).describe('Answers of that DNS pod.'),
});

/** Why a repair Job was deleted before its repair was reported. */
const TAKEN_BACK_BECAUSE = ['NeverStarted', 'Silent', 'Elsewhere', 'LastServingPod', 'Retry'] as const;
export type TakenBackBecause = (typeof TAKEN_BACK_BECAUSE)[number];

const takenBackSchema = z.object({
  at: timestamp().describe('Time at which the Job was deleted (RFC 3339).'),
  because: z
    .enum(TAKEN_BACK_BECAUSE)
    .describe(
      'Reason. NeverStarted: no container of the Job ran in time, and it is not started again. Silent: the agent ended without a report, and is started once more. Elsewhere: the setting is in a directory that the Job could not write, and the agent is started again with write access to that. LastServingPod: the last other DNS pod stopped serving before a container of the Job ran, so the node is released and the incident waits. Retry: the attempt is over, and the next one needs a new Job.',
    ),
  why: z.string().describe('Human-readable explanation of the reason.'),
  uid: z.string().describe('UID of the deleted Job.'),
});

const attemptSchema = z.object({
  number: z.int().describe('Number of the attempt, counted from 1.'),
  startedAt: timestamp().describe('Time at which the attempt began (RFC 3339).'),
  endedAt: timestamp().describe('Time at which the attempt ended (RFC 3339).'),
  reason: z.string().describe('Machine-readable reason (CamelCase) for which it ended.'),
  message: z.string().describe('Human-readable explanation of the reason.'),
});

const recurrenceSchema = z.object({
  source: z
    .string()
    .describe('Source that may write the wrong value again, for example the kubespray inventory.'),
  advice: z.string().describe('What to change at the source.'),
});
export type Recurrence = z.infer<typeof recurrenceSchema>;

/** A repair is taken back once; a person who is refused may ask again. */
export const MAX_ROLLBACKS = 16;
/** Of a person who goes to and fro, the last words count. */
export const MAX_INTERFERENCE = 16;

export const remediationStatusSchema = z
  .object({
    phase: z
      .enum(PHASES)
      .default('Pending')
      .describe(
        'Current phase, or an outcome. Healed: DNS is proven to work. Planned: the plan is made, and nothing else was wanted. Refused: the agent or a person refused it. RolledBack: the node has its old configuration. Failed: it went wrong. Expired: nobody approved the plan in time. Superseded: another remediation took its place. Cancelled: nothing has to be done any more, or nothing may be.',
      ),
    reason: z
      .string()
      .optional()
      .describe('Machine-readable reason (CamelCase) for the current wait or the outcome.'),
    message: z.string().optional().describe('Human-readable explanation of the reason.'),
    advice: z.string().optional().describe('What an administrator should do now.'),
    waitingSince: timestamp()
      .optional()
      .describe(
        'Time since which the incident waits for the current reason (RFC 3339). Absent while it does not wait.',
      ),
    plan: planSchema.optional(),
    approval: approvalSchema.optional(),
    attempts: z
      .array(attemptSchema)
      .default([])
      .describe(
        'Attempts that ended for a reason that passes by itself, for example TargetSilent, oldest first, at most the last 12. Nothing was written by them. steps and repair are those of the current attempt.',
      ),
    nextAttempt: timestamp()
      .optional()
      .describe(
        'Time at which the next attempt is due (RFC 3339): 1, 5 and 15 minutes after the first three attempts, then hourly, for as long as the pod crashes or the node is wrong. The node is not in quarantine until then. Absent unless the incident waits for it.',
      ),
    failingPod: z
      .object({
        name: z.string().describe('Name of the pod.'),
        uid: z.string().describe('UID of the pod.'),
        since: timestamp().describe('Time at which that was recorded (RFC 3339).'),
      })
      .optional()
      .describe(
        'DNS pod of the node that began to fail while the incident waited. The incident then goes ahead of drifts of other nodes. Only where the trigger is Drift.',
      ),
    conditions: conditions(
      'Current conditions. Quarantined: the node is in quarantine. Repaired: the agent repaired the kubelet. Proven: a new pod on the node resolves names. Verified: a DNS pod answers after the repair. RolledBack: an earlier repair was taken back as someone asked.',
    ),
    steps: z
      .array(stepSchema)
      .default([])
      .describe('Steps in the order in which they began, with their times.'),
    quarantine: z
      .object({
        strategy: z.enum(['Cordon', 'Taint']).describe('How new pods are kept off the node.'),
        nodeWasUnschedulable: z
          .boolean()
          .describe('Whether the node was already cordoned before the quarantine; if so, it stays cordoned.'),
        heldSince: timestamp()
          .optional()
          .describe('Time at which the quarantine began (RFC 3339). Absent after the release.'),
      })
      .optional()
      .describe('State of the quarantine, and of the node before it.'),
    interference: z
      .array(interferenceSchema)
      .max(MAX_INTERFERENCE)
      .default([])
      .describe(
        `What others did to the node while it was in quarantine, oldest first, at most the last ${MAX_INTERFERENCE}. The operator leaves it as it is.`,
      ),
    hold: z
      .enum(['Restore', 'Held'])
      .optional()
      .describe(
        'Quarantine after a failure. Restore: quarantine is about to be put back. Held: quarantined until acknowledged or maxSeconds is over.',
      ),
    before: beforeSchema
      .optional()
      .describe(
        'Answers of a DNS pod before the change, to compare the verification with: an external name that was not answered before cannot fail it. Absent if no DNS pod served.',
      ),
    repairTakenBack: z
      .array(takenBackSchema)
      .default([])
      .describe('Repair Jobs that the operator deleted before their repair was reported, oldest first.'),
    repairDirectory: z
      .enum(KUBELET_DIRECTORIES)
      .optional()
      .describe(
        'Directory that holds the setting, if not a default one (/etc/kubernetes or /var/lib/kubelet). The agent was restarted with write access to it alone.',
      ),
    repair: repairReportSchema
      .optional()
      .describe(
        'Report of the agent on the node. Absent until it has ended. Long texts may be cut, as a report is limited to 4096 bytes.',
      ),
    inspection: inspectReportSchema
      .optional()
      .describe(
        'Report of the read-only inspection that takes place before a node is left to an administrator because it was repaired too often. Absent if there was none, or if it failed; the step Inspect then says why.',
      ),
    rewrittenBy: z
      .array(explanationSchema)
      .default([])
      .describe(
        'What may have brought the wrong value back, best first. Empty unless the kubelet of the node was repaired before, or was found right by a check before.',
      ),
    guard: guardReportSchema
      .optional()
      .describe(
        'Report of the guard, which watches the restarted kubelet for ten seconds and more, and undoes the change if it crashes. The outcome is recorded after this report.',
      ),
    rollback: rollbackReportSchema
      .optional()
      .describe(
        'Report of the agent that has taken an earlier repair back. Only where the trigger is Rollback, and absent until the agent has ended.',
      ),
    proof: checkReportSchema
      .optional()
      .describe(
        'Report of the proof pod: which resolv.conf a new pod on the node is given, and whether its nameservers answer.',
      ),
    deletedPods: z
      .array(
        z.object({
          name: z.string().describe('Name of the deleted pod.'),
          uid: z.string().describe('UID of the deleted pod.'),
        }),
      )
      .default([])
      .describe('DNS pods that were deleted so that their replacements get the repaired resolv.conf.'),
    verification: verificationSchema
      .optional()
      .describe(
        'Last check of a DNS pod: of the one that replaced the looping one or, if none was deleted, of one that serves.',
      ),
    otherPods: otherPodsSchema.optional(),
    recurrence: z
      .array(recurrenceSchema)
      .default([])
      .describe('Sources that may bring the wrong value back, and what to change there.'),
    rollbacks: z
      .array(z.string())
      .max(MAX_ROLLBACKS)
      .default([])
      .describe(
        `Names of the DNSRemediations that were made because someone asked to undo this repair, oldest first, at most the last ${MAX_ROLLBACKS}. The same question makes no second one, even if the first one was deleted.`,
      ),
    rolledBackBy: z
      .string()
      .optional()
      .describe('Name of the DNSRemediation that has undone this repair. Absent if it was not undone.'),
    finishedAt: timestamp().optional().describe('Time at which the outcome was recorded (RFC 3339).'),
    took: z
      .string()
      .optional()
      .describe(
        'Time from the beginning of the incident to the outcome in whole seconds, for example 10s. It begins with the death of the container, with the first failed answer, or with the check that found the node wrong.',
      ),
  })
  .describe('Progress and outcome of the remediation, written by the operator.');
export type RemediationStatus = z.infer<typeof remediationStatusSchema>;
