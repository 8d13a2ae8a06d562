/** What the operator reports of a policy: the DNS pods, the nodes, the repairs, what waits and why. */
import * as z from 'zod';
import { LOOP_CAUSES } from '../loop-cause.ts';
import { nodesStatusSchema } from '../nodes-status.ts';
import { conditions, timestamp } from '../primitives.ts';
import { pastSchema, totalsSchema } from './totals.ts';

const observationSchema = z.object({
  pod: z.string().describe('Name of the DNS pod that crashed or does not answer.'),
  node: z.string().describe('Name of the node that the pod ran on.'),
  cause: z
    .string()
    .describe(
      `Diagnosed cause (CamelCase). Of a loop: ${LOOP_CAUSES.join(', ')}; only KubeletResolvConf is repaired. Of another crash: for example CorefileError, OutOfMemory, NodeRestarted, NoLog or UnknownCrash. Of a pod that runs and does not answer for external names: for example LateLoop.`,
    ),
  message: z.string().describe('What was observed, with the log line that shows it.'),
  advice: z
    .string()
    .optional()
    .describe(
      'What an administrator can do, for example if a repairable loop is not repaired now. Absent if the operator repairs the cause or nothing has to be done.',
    ),
  lastSeen: timestamp().describe('Time of the latest such crash, or of the first failed answer (RFC 3339).'),
});
export type Observation = z.infer<typeof observationSchema>;

const workloadFoundSchema = z.object({
  kind: z.enum(['Deployment', 'DaemonSet']).describe('Kind of the workload.'),
  name: z.string().describe('Name of the workload.'),
  labels: z
    .array(z.string())
    .describe('Labels by which its DNS pods were found, for example k8s-app=kube-dns.'),
  pods: z.int().describe('Number of its DNS pods.'),
  watched: z.boolean().describe('Whether this is one of the workloads of this policy.'),
});
export type WorkloadFound = z.infer<typeof workloadFoundSchema>;

/** A status is written often: the others are counted. */
export const MAX_WAITING = 50;
export const MAX_WAITING_MESSAGE = 512;

const waitingSchema = z.object({
  node: z.string().describe('Name of the node that waits.'),
  remediation: z.string().describe('Name of the DNSRemediation that waits.'),
  since: timestamp().describe('Time since which it waits for this reason (RFC 3339).'),
  reason: z
    .string()
    .describe(
      'Machine-readable reason (CamelCase) for the wait, for example Paused, OutsideWindow or AwaitingApproval.',
    ),
  message: z
    .string()
    .max(MAX_WAITING_MESSAGE)
    .describe(`What it waits for, cut after ${MAX_WAITING_MESSAGE} characters.`),
});
export type Waiting = z.infer<typeof waitingSchema>;

const proberStatusSchema = z
  .object({
    intervalSeconds: z
      .int()
      .describe(
        'Seconds between two rounds of questions to the same DNS pod, at the present number of pods.',
      ),
    askedAt: timestamp().describe(
      'Time of a recent round of questions (RFC 3339). It is written when a result turns, and otherwise every few minutes.',
    ),
    service: z
      .enum(['Answers', 'DoesNotAnswer', 'NotAsked'])
      .describe(
        'Whether the cluster DNS Service answers at its address. NotAsked: it has none, or it cannot be reached from where the operator runs.',
      ),
    notAskable: z
      .int()
      .describe(
        'Number of DNS pods that cannot be asked from where the operator runs, for example those of a node-local DNS cache.',
      ),
  })
  .describe('What the prober does. Absent if it is off, and until the first round.');

export const policyStatusSchema = z
  .object({
    observedGeneration: z.int().optional().describe('Generation of the spec that this status reflects.'),
    conditions: conditions(
      'Current conditions. Ready: the policy is accepted and in force, and the operator watches. Progressing: the operator works on a node. Degraded: something waits for an administrator. Active: repairs may begin, or in the mode Observe crashes are reported. Healthy: all DNS pods of the workload are ready, none loops, and all answer; its reason is one of AllPodsAnswer, AllPodsReady (the prober is off), LoopDetected, LateLoop, PodsNotReady, PodsDoNotAnswer, UpstreamUnreachable, ServiceDoesNotAnswer and NotAsked. Paused: someone has paused repairs. BreakerOpen: failed repairs stop all further ones. AwaitingApproval: a plan waits for the answer of a person.',
    ),
    dnsPods: z
      .object({
        total: z.int().describe('Number of DNS pods of the workload.'),
        ready: z.int().describe('Number of DNS pods that are ready.'),
        looping: z
          .int()
          .describe(
            'Number of DNS pods that last crashed in a forwarding loop and do not serve, or that loop without crashing.',
          ),
        summary: z.string().describe('Ready and total number of DNS pods, for example 1/2.'),
        answering: z
          .int()
          .optional()
          .describe(
            'Number of DNS pods that answered every question when they were last asked. Absent if the prober is off.',
          ),
        answeringSummary: z
          .string()
          .optional()
          .describe(
            'Answering and total number of DNS pods, for example 1/2. Absent if the prober is off, until all pods were asked, and if none of them can be asked from where the operator runs.',
          ),
      })
      .optional()
      .describe('Current state of the DNS pods.'),
    prober: proberStatusSchema.optional(),
    nodes: nodesStatusSchema.optional(),
    workloads: z
      .array(workloadFoundSchema)
      .default([])
      .describe(
        'Workloads in kube-system that own pods with the labels of DNS pods. Only those that the policy names are watched.',
      ),
    overlaps: z
      .array(
        z.object({
          policy: z.string().describe('Name of the older policy.'),
          nodes: z.int().describe('Number of nodes that both policies select.'),
          sample: z.array(z.string()).max(10).describe('Names of some of these nodes, at most 10.'),
        }),
      )
      .optional()
      .describe(
        'Nodes that this policy selects and that belong to an older policy for the same DNS workload. That one decides about them, and this one leaves them alone. Absent if there are none.',
      ),
    quarantinedNodes: z
      .array(z.string())
      .default([])
      .describe('Names of the nodes that are in quarantine now.'),
    quarantined: z.int().default(0).describe('Number of quarantinedNodes.'),
    waiting: z
      .array(waitingSchema)
      .max(MAX_WAITING)
      .default([])
      .describe(
        `Incidents that wait, and what each waits for, in the order of their turn, at most ${MAX_WAITING}.`,
      ),
    waitingCount: z.int().default(0).describe('Number of incidents that wait, also of those not in waiting.'),
    totals: totalsSchema,
    past: pastSchema,
    repaired: z.int().default(0).describe('Number of remediations that healed, as in totals.'),
    lastRepairTime: timestamp()
      .optional()
      .describe('Time at which the latest remediation healed (RFC 3339).'),
    observations: z
      .array(observationSchema)
      .default([])
      .describe(
        'Latest crash of each DNS pod that crashed, and the failure of each that runs and does not answer, newest first, at most 20.',
      ),
  })
  .describe(
    'State of the DNS pods, of the nodes and of the repairs under this policy, written by the operator.',
  );
export type PolicyStatus = z.infer<typeof policyStatusSchema>;
