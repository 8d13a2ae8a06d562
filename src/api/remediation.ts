/** DNSRemediation: one incident on one node. Its spec is the immutable evidence, its status the record of what was done. */
import { z } from 'zod';
import { proveReportSchema, repairReportSchema } from './agent-protocol.ts';
import { policySpecSchema } from './policy.ts';
import { conditions, objectName, timestamp } from './primitives.ts';

/** A parsed plugin/loop FATAL line from one container death, with where and when it was seen. */
export const sightingSchema = z.object({
  pod: z.object({ name: z.string(), uid: z.string() }),
  line: z.string().max(1024).describe('The line of the log.'),
  from: z.string().optional().describe('The address the probe came back from; absent before CoreDNS 1.3.1.'),
  to: z.string().optional(),
  zone: z.string(),
  corednsVersion: z.string().optional(),
  diedAt: timestamp().describe('When the container ended, by the kubelet; whole seconds.'),
  seenAt: timestamp().describe('When the operator had read the line.'),
});
export type Sighting = z.infer<typeof sightingSchema>;

export const remediationSpecSchema = z
  .object({
    policy: z.object({ name: objectName(), uid: z.string() }),
    node: z.object({ name: objectName(), uid: z.string() }),
    cause: z.enum(['KubeletResolvConf']).describe('The diagnosis that this remediation acts on.'),
    sighting: sightingSchema,
    settings: policySpecSchema.describe(
      'The policy as it was at the claim; later edits do not change a running repair.',
    ),
  })
  .meta({ 'x-kubernetes-validations': [{ rule: 'self == oldSelf', message: 'spec is immutable' }] });
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
  name: z.enum(STEP_NAMES),
  startedAt: timestamp(),
  finishedAt: timestamp().optional(),
  message: z.string().optional(),
});
export type Step = z.infer<typeof stepSchema>;

const answerSchema = z.object({
  protocol: z.enum(['udp', 'tcp']),
  name: z.string(),
  result: z.string().describe('The addresses, the rcode, or the error.'),
  ok: z.boolean(),
  ms: z.number(),
});
export type Answer = z.infer<typeof answerSchema>;

const verificationSchema = z.object({
  pod: z.string(),
  podUID: z.string(),
  podIP: z.string(),
  node: z.string(),
  containerID: z.string(),
  restartCount: z.int(),
  firstSuccess: timestamp().optional().describe('Since when this very container has answered everything.'),
  lastAttempt: timestamp(),
  answers: z.array(answerSchema),
});
export type Verification = z.infer<typeof verificationSchema>;

const recurrenceSchema = z.object({
  source: z.string().describe('Where the wrong value is likely to come back from.'),
  advice: z.string().describe('What to change there.'),
});
export type Recurrence = z.infer<typeof recurrenceSchema>;

export const remediationStatusSchema = z.object({
  phase: z.enum(PHASES).default('Pending'),
  reason: z.string().optional().describe('One CamelCase word: why the remediation waits, or how it ended.'),
  message: z.string().optional().describe('The same for a person.'),
  advice: z.string().optional().describe('What a person should do now.'),
  conditions: conditions(),
  steps: z.array(stepSchema).default([]),
  quarantine: z
    .object({
      strategy: z.enum(['Cordon', 'Taint']),
      nodeWasUnschedulable: z.boolean().describe('A person had cordoned the node before; it stays cordoned.'),
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
  repair: repairReportSchema.optional().describe('What the agent reported from the node.'),
  proof: proveReportSchema.optional().describe('What the proof pod reported.'),
  deletedPods: z.array(z.object({ name: z.string(), uid: z.string() })).default([]),
  verification: verificationSchema.optional(),
  recurrence: z.array(recurrenceSchema).default([]),
  finishedAt: timestamp().optional(),
  took: z.string().optional().describe('From the death of the container to the end, for the table.'),
});
export type RemediationStatus = z.infer<typeof remediationStatusSchema>;
