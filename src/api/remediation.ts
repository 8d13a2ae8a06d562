/** DNSRemediation: one incident on one node. Its spec is the immutable evidence, its status the record of what was done. */
import * as z from 'zod';
import { KUBELET_DIRECTORIES, proveReportSchema, repairReportSchema } from './agent-protocol.ts';
import { policySpecSchema } from './policy.ts';
import { conditions, objectName, timestamp } from './primitives.ts';

/** A parsed plugin/loop FATAL line from one container death, with where and when it was seen. */
export const sightingSchema = z.object({
  pod: z
    .object({ name: z.string().describe('Its name.'), uid: z.string().describe('Its uid.') })
    .describe('The DNS pod whose container ended.'),
  line: z.string().max(1024).describe('The line of the log.'),
  from: z.string().optional().describe('The address the probe came back from; absent before CoreDNS 1.3.1.'),
  to: z.string().optional().describe('Where the probe was sent: the address and port CoreDNS listens on.'),
  zone: z.string().describe('The zone that loops, with its final dot.'),
  corednsVersion: z.string().optional().describe('By the banner in the log.'),
  diedAt: timestamp().describe('When the container ended, by the kubelet; whole seconds.'),
  seenAt: timestamp().describe('When the operator had read the line.'),
});
export type Sighting = z.infer<typeof sightingSchema>;

export const remediationSpecSchema = z
  .object({
    policy: z
      .object({ name: objectName().describe('Its name.'), uid: z.string().describe('Its uid.') })
      .describe('The policy that allows the repair.'),
    node: z
      .object({ name: objectName().describe('Its name.'), uid: z.string().describe('Its uid.') })
      .describe('The node under repair. One of the same name with another uid is another node.'),
    cause: z.enum(['KubeletResolvConf']).describe('The diagnosis that this remediation acts on.'),
    sighting: sightingSchema.describe('What was seen, and when.'),
    settings: policySpecSchema.describe(
      'The policy as it was at the claim; later edits do not change a running repair.',
    ),
  })
  .meta({ 'x-kubernetes-validations': [{ rule: 'self == oldSelf', message: 'spec is immutable' }] })
  .describe('The evidence, as it was when the incident was claimed. It cannot be changed.');
export type RemediationSpec = z.infer<typeof remediationSpecSchema>;

/** In the order in which a remediation goes through them; the last five are ends. */
export const PHASES = [
  'Pending',
  'Quarantining',
  'Repairing',
  'Proving',
  'Releasing',
  'Recreating',
  'Verifying',
  'Healed',
  'Refused',
  'RolledBack',
  'Failed',
  'Cancelled',
] as const;
export type Phase = (typeof PHASES)[number];
export const FINAL_PHASES: readonly Phase[] = ['Healed', 'Refused', 'RolledBack', 'Failed', 'Cancelled'];

export const STEP_NAMES = ['Quarantine', 'Repair', 'Prove', 'Release', 'Recreate', 'Verify'] as const;
export type StepName = (typeof STEP_NAMES)[number];

const stepSchema = z.object({
  name: z.enum(STEP_NAMES).describe('The step.'),
  startedAt: timestamp().describe('When it began.'),
  finishedAt: timestamp().optional().describe('When it was done.'),
  message: z.string().optional().describe('What came of it.'),
});
export type Step = z.infer<typeof stepSchema>;

const answerSchema = z.object({
  protocol: z.enum(['udp', 'tcp']).describe('How it was asked.'),
  name: z.string().describe('What it was asked for.'),
  result: z.string().describe('The addresses, the rcode, or the error.'),
  ok: z.boolean().describe('Whether the answer is a right one.'),
  ms: z.number().describe('How long it took, in milliseconds.'),
});
export type Answer = z.infer<typeof answerSchema>;

const verificationSchema = z.object({
  pod: z.string().describe('The new DNS pod.'),
  podUID: z.string().describe('Its uid.'),
  podIP: z.string().describe('The address at which it was asked.'),
  node: z.string().describe('The node it runs on.'),
  containerID: z.string().describe('Its container; another one starts the time anew.'),
  restartCount: z.int().describe('How often it was restarted before.'),
  firstSuccess: timestamp().optional().describe('Since when this very container has answered everything.'),
  lastAttempt: timestamp().describe('When it was asked last.'),
  answers: z.array(answerSchema).describe('What it answered then.'),
});
export type Verification = z.infer<typeof verificationSchema>;

/** Why a repair Job was deleted before it reported what happened. */
export const TAKEN_BACK_BECAUSE = ['NeverStarted', 'Silent', 'Elsewhere'] as const;
export type TakenBackBecause = (typeof TAKEN_BACK_BECAUSE)[number];

const takenBackSchema = z.object({
  at: timestamp().describe('When the Job was deleted.'),
  because: z
    .enum(TAKEN_BACK_BECAUSE)
    .describe(
      'NeverStarted: no container of it ran in time. Silent: the agent ended without a report. Elsewhere: the setting is in a directory that the Job could not write.',
    ),
  why: z.string().describe('Human-readable explanation.'),
  uid: z.string().describe('UID of the Job.'),
});

const recurrenceSchema = z.object({
  source: z.string().describe('Where the wrong value is likely to come back from.'),
  advice: z.string().describe('What to change there.'),
});
export type Recurrence = z.infer<typeof recurrenceSchema>;

export const remediationStatusSchema = z
  .object({
    phase: z.enum(PHASES).default('Pending').describe('How far the remediation has come, or how it ended.'),
    reason: z.string().optional().describe('One CamelCase word: why the remediation waits, or how it ended.'),
    message: z.string().optional().describe('The same for a person.'),
    advice: z.string().optional().describe('What a person should do now.'),
    conditions: conditions(),
    steps: z.array(stepSchema).default([]).describe('What was done, in order, with its times.'),
    quarantine: z
      .object({
        strategy: z.enum(['Cordon', 'Taint']).describe('How the node is kept out of scheduling.'),
        nodeWasUnschedulable: z
          .boolean()
          .describe('A person had cordoned the node before; it stays cordoned.'),
        heldSince: timestamp()
          .optional()
          .describe('Since when the node is held; absent once it was given back.'),
      })
      .optional()
      .describe('How the node was found, and since when it is held.'),
    hold: z
      .enum(['Restore', 'Held'])
      .optional()
      .describe(
        'After a failure that a person has to look at, the node stays in quarantine: Restore, it has to be put back there; Held, it is.',
      ),
    repairTakenBack: z
      .array(takenBackSchema)
      .default([])
      .describe('Repair Jobs that were deleted, so that another one could be started or none ever starts.'),
    repairDirectory: z
      .enum(KUBELET_DIRECTORIES)
      .optional()
      .describe(
        'Where the value stands on this node, if not in one of the usual directories; the agent was started again to write there and nowhere else.',
      ),
    repair: repairReportSchema.optional().describe('What the agent reported from the node.'),
    proof: proveReportSchema.optional().describe('What the proof pod reported.'),
    deletedPods: z
      .array(z.object({ name: z.string().describe('Its name.'), uid: z.string().describe('Its uid.') }))
      .default([])
      .describe('DNS pods that were deleted so that new ones read the new file.'),
    verification: verificationSchema.optional().describe('How the new DNS pod answered.'),
    recurrence: z
      .array(recurrenceSchema)
      .default([])
      .describe('Where the wrong value may come back from, and what to change there.'),
    finishedAt: timestamp().optional().describe('When the remediation ended.'),
    took: z.string().optional().describe('From the death of the container to the end, for the table.'),
  })
  .describe('The record of what was done.');
export type RemediationStatus = z.infer<typeof remediationStatusSchema>;
